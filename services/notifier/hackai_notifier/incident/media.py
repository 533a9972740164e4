"""Pictures and clips of incidents in the database, and what is kept of them."""

from __future__ import annotations

import sqlite3

# At about 100 KB a picture this stays near 100 MB; files of the console channel are kept longer (``console.keep``).
KEEP_PICTURES = 300
KEEP_INCIDENTS = 5_000
# For whoever looks at the page later; a clip of ten seconds is about 1 MB.
KEEP_CLIPS = 40


def store(connection: sqlite3.Connection, incident_id: str, kind: str, data: bytes) -> None:
    """Store a picture or clip unless one of that kind is there: the first frame is the one that raised the alarm."""
    connection.execute("INSERT OR IGNORE INTO media VALUES (?, ?, ?)", (incident_id, kind, data))


def load(connection: sqlite3.Connection, incident_id: str, kind: str) -> bytes | None:
    """Return a picture or clip; None: there is none."""
    row = connection.execute(
        "SELECT data FROM media WHERE incident_id = ? AND kind = ?", (incident_id, kind)
    ).fetchone()
    return None if row is None else bytes(row["data"])


def prune(
    connection: sqlite3.Connection,
    *,
    pictures: int = KEEP_PICTURES,
    incidents: int = KEEP_INCIDENTS,
    clips: int = KEEP_CLIPS,
) -> None:
    """Drop clips and pictures of old incidents, and very old incidents; never what still waits."""
    waiting = "SELECT incident_id FROM steps WHERE state = 'waiting'"
    connection.execute(
        f"""
        DELETE FROM media WHERE kind = 'clip' AND incident_id NOT IN ({waiting} AND step = 'clip')
        AND incident_id NOT IN (SELECT incident_id FROM media WHERE kind = 'clip' ORDER BY rowid DESC LIMIT ?)
        """,  # noqa: S608 (constant text)
        (clips,),
    )
    for table, keep in (("media", pictures), ("incidents", incidents)):
        connection.execute(
            f"""
            DELETE FROM {table} WHERE incident_id NOT IN ({waiting})
            AND incident_id NOT IN (SELECT incident_id FROM incidents ORDER BY number DESC LIMIT ?)
            """,  # noqa: S608 (table is one of two constants)
            (keep,),
        )
