"""A SQLite file that turns out to be damaged: set aside, and what can still be read of it saved into the new one."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple

import structlog

log = structlog.get_logger(__name__)

# SQLITE_CORRUPT and SQLITE_NOTADB by their words: Python 3.8 tells no error codes.
_WORDS = ("malformed", "not a database", "file is encrypted", "unsupported file format", "disk image")


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file itself is damaged: trying again cannot help."""
    said = str(error).lower()
    return isinstance(error, sqlite3.DatabaseError) and any(words in said for words in _WORDS)


def set_aside(path: Path) -> Path:
    """Rename a database with its log out of the way; return its new name.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    while aside.exists():
        aside = aside.with_name(aside.name + "x")
    for suffix in ("", "-wal", "-shm"):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return aside


@dataclass(frozen=True)
class Salvage:
    """What became of a damaged database."""

    kept: Path
    rows: int
    incomplete: Tuple[str, ...]
    """Tables of which something, or everything, could not be read."""

    def __str__(self) -> str:
        lost = f"; incomplete: {', '.join(self.incomplete)}" if self.incomplete else "; nothing is missing"
        return f"{self.rows} rows were rescued{lost}; the damaged file is kept as {self.kept}"


def salvage(damaged: Path, connection: sqlite3.Connection) -> Salvage:
    """Copy what can be read of a damaged file into a new database that has its tables already.

    Rows that the new tables do not take (an unknown parent, a broken value) are left out.
    """
    tables = [
        str(row[0])
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    rows, incomplete = 0, []
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        source = sqlite3.connect(f"file:{damaged}?mode=ro", uri=True, timeout=1.0)
    except sqlite3.Error:
        return Salvage(damaged, 0, tuple(tables))
    try:
        for table in tables:
            copied, complete = _copy(source, connection, table)
            rows += copied
            if not complete:
                incomplete.append(table)
    finally:
        source.close()
        _drop_orphans(connection)
        connection.execute("PRAGMA foreign_keys = ON")
    return Salvage(damaged, rows, tuple(incomplete))


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> Tuple[int, bool]:
    """Copy a table from its beginning and, where that breaks off, from its end; return how much, and whether all."""
    copied = 0
    target.execute("BEGIN")
    try:
        for order in ("", " ORDER BY rowid DESC"):
            try:
                for row in source.execute(f'SELECT * FROM "{table}"{order}'):  # noqa: S608 (names of our own schema)
                    marks = ",".join("?" * len(row))
                    try:
                        insert = f'INSERT OR REPLACE INTO "{table}" VALUES ({marks})'  # noqa: S608 (of our own schema)
                        changed = target.execute(insert, tuple(row))
                        copied += changed.rowcount
                    except sqlite3.Error:
                        continue
            except sqlite3.Error as error:
                log.warning("a table of the damaged database breaks off", table=table, error=str(error))
                continue
            return copied, not order
        return copied, False
    finally:
        target.execute("COMMIT")


def _drop_orphans(connection: sqlite3.Connection) -> None:
    broken: List[Tuple[str, int]] = [
        (row[0], row[1]) for row in connection.execute("PRAGMA foreign_key_check") if row[1] is not None
    ]
    for table, rowid in broken:
        connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))  # noqa: S608 (of our own schema)
