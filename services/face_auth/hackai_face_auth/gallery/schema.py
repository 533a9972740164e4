"""Tables and their migrations; the version stands in ``PRAGMA user_version``."""

from __future__ import annotations

import sqlite3

from hackai_face_auth.errors import GalleryError

_COUNT_CHANGE = "UPDATE meta SET value = value + 1 WHERE key = 'generation'"

# Each entry brings the schema from its index to index + 1. Entries are only ever added.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT",
        """CREATE TABLE people (
            person_id  TEXT PRIMARY KEY,
            name       TEXT NOT NULL,
            name_key   TEXT NOT NULL UNIQUE,
            role       TEXT NOT NULL,
            created_at REAL NOT NULL,
            seal       BLOB NOT NULL
        ) STRICT""",
        """CREATE TABLE templates (
            template_id TEXT PRIMARY KEY,
            person_id   TEXT NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
            model_id    TEXT NOT NULL,
            embedding   BLOB NOT NULL,
            quality     REAL NOT NULL,
            created_at  REAL NOT NULL
        ) STRICT""",
        "CREATE INDEX templates_by_person ON templates (person_id)",
        # Counts changes of people and templates by whichever process, so that the index in memory knows when to read.
        "INSERT INTO meta VALUES ('generation', 0)",
        *(
            f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table} BEGIN {_COUNT_CHANGE}; END"
            for table in ("people", "templates")
            for event in ("INSERT", "UPDATE", "DELETE")
        ),
    ),
    (
        """CREATE TABLE codes (
            digest     BLOB PRIMARY KEY,
            role       TEXT NOT NULL,
            expires_at REAL,
            seal       BLOB NOT NULL
        ) STRICT""",
        """CREATE TABLE sessions (
            jti        TEXT PRIMARY KEY,
            person_id  TEXT NOT NULL,
            client     TEXT NOT NULL,
            issued_at  REAL NOT NULL,
            expires_at REAL NOT NULL
        ) STRICT""",
        "CREATE INDEX sessions_by_person ON sessions (person_id)",
        # Apart from the sessions: it must outlive a deleted person, of whom it says nothing.
        "CREATE TABLE revoked (jti TEXT PRIMARY KEY, expires_at REAL NOT NULL) STRICT",
        """CREATE TABLE lockouts (
            key          TEXT PRIMARY KEY,
            failures     INTEGER NOT NULL,
            last_failure REAL NOT NULL,
            locked_until REAL NOT NULL
        ) STRICT""",
        "CREATE TABLE audit_outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL) STRICT",
    ),
    (
        # Chats and browsers that may ask for a challenge; the digest of a browser's secret, empty for a chat.
        """CREATE TABLE devices (
            client     TEXT PRIMARY KEY,
            how        TEXT NOT NULL,
            vouched_by TEXT NOT NULL,
            person_id  TEXT NOT NULL,
            label      TEXT NOT NULL,
            created_at REAL NOT NULL,
            expires_at REAL,
            digest     BLOB NOT NULL,
            seal       BLOB NOT NULL
        ) STRICT""",
        # Locks are keyed by the source alone since this version.
        "DELETE FROM lockouts WHERE key LIKE 'identity:%'",
    ),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, each step in one transaction; two processes may do so at once.

    Raises:
        GalleryError: a newer program made this file.
    """
    while _step(connection):
        pass


def _step(connection: sqlite3.Connection) -> bool:
    """Do one migration; return whether there was one to do."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise GalleryError(f"the gallery has schema {version}, this program knows {len(MIGRATIONS)}: update it")
        pending = MIGRATIONS[version : version + 1]
        for statements in pending:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return bool(pending)
