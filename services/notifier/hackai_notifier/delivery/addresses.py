"""Which recipients must be left alone for a while, and which have moved. Functions on one transaction."""

from __future__ import annotations

import sqlite3

from hackai_notifier.people.recipients import Recipient


def pause(connection: sqlite3.Connection, recipient: Recipient, until: float) -> None:
    """Remember (Unix time) until when a recipient must be left alone, over a restart."""
    connection.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?, ?)", (recipient.channel, recipient.address, until))


def pauses(connection: sqlite3.Connection) -> list[tuple[Recipient, float]]:
    """Return the remembered pauses."""
    rows = connection.execute("SELECT * FROM pauses").fetchall()
    return [(Recipient(row["channel"], row["address"]), float(row["until"])) for row in rows]


def move(connection: sqlite3.Connection, recipient: Recipient, new_address: str) -> None:
    """Send everything for a recipient to its new address from now on."""
    pair = (recipient.channel, recipient.address)
    connection.execute("INSERT OR REPLACE INTO moves VALUES (?, ?, ?)", (*pair, new_address))
    connection.execute("UPDATE OR IGNORE steps SET address = ? WHERE channel = ? AND address = ?", (new_address, *pair))
    # Whatever could not move is there already: both addresses are configured.
    connection.execute(
        "UPDATE steps SET state = 'superseded' WHERE channel = ? AND address = ? AND state = 'waiting'",
        pair,
    )


def moves(connection: sqlite3.Connection) -> list[tuple[Recipient, str]]:
    """Return where recipients moved to."""
    rows = connection.execute("SELECT * FROM moves").fetchall()
    return [(Recipient(row["channel"], row["address"]), str(row["new_address"])) for row in rows]
