"""Which recipients must be left alone for a while, and which have moved. Functions on one transaction."""

from __future__ import annotations

import sqlite3

from hackai_notifier.people.recipients import Recipient

# An alarm that is older is news no more.
REVIVED_S = 3600.0


def pause(connection: sqlite3.Connection, recipient: Recipient, until: float) -> None:
    """Remember (Unix time) until when a recipient must be left alone, over a restart."""
    connection.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?, ?)", (recipient.channel, recipient.address, until))


def pauses(connection: sqlite3.Connection) -> list[tuple[Recipient, float]]:
    """Return the remembered pauses."""
    rows = connection.execute("SELECT * FROM pauses").fetchall()
    return [(Recipient(row["channel"], row["address"]), float(row["until"])) for row in rows]


def move(connection: sqlite3.Connection, recipient: Recipient, new_address: str, *, now: float) -> None:
    """Send everything for a chat, in each of its topics, to its new id from now on.

    ``now`` is Unix time: what was given up within ``REVIVED_S``, because the old id was refused, is tried again.
    """
    old = _chat_of(recipient.address)
    connection.execute("INSERT OR REPLACE INTO moves VALUES (?, ?, ?)", (recipient.channel, old, new_address))
    rows = connection.execute("SELECT DISTINCT address FROM steps WHERE channel = ?", (recipient.channel,))
    for address in [str(row["address"]) for row in rows if _chat_of(str(row["address"])) == old]:
        pair = (recipient.channel, address)
        target = new_address + address[len(old) :]
        connection.execute(
            "UPDATE steps SET state = 'waiting', attempts = 0, done_at = NULL "
            "WHERE channel = ? AND address = ? AND state = 'dead' AND done_at >= ?",
            (*pair, now - REVIVED_S),
        )
        connection.execute("UPDATE OR IGNORE steps SET address = ? WHERE channel = ? AND address = ?", (target, *pair))
        # Whatever could not move is there already: both addresses are configured.
        connection.execute(
            "UPDATE steps SET state = 'superseded' WHERE channel = ? AND address = ? AND state = 'waiting'", pair
        )


def _chat_of(address: str) -> str:
    """Return an address without its topic."""
    return address.partition("/")[0]


def moves(connection: sqlite3.Connection) -> list[tuple[Recipient, str]]:
    """Return where recipients moved to."""
    rows = connection.execute("SELECT * FROM moves").fetchall()
    return [(Recipient(row["channel"], row["address"]), str(row["new_address"])) for row in rows]
