"""The SQLite file of the face service: opened privately, in WAL, with deletions that overwrite."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hackai_face_auth.errors import GalleryError
from hackai_face_auth.gallery.schema import migrate

BUSY_S = 10.0


class Database:
    """One connection behind a lock; other processes (the command line) may have the file open as well."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Made by us before SQLite does, so that nobody else can read it at any moment.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "foreign_keys = ON", "secure_delete = ON", "synchronous = FULL"):
                self._connection.execute(f"PRAGMA {pragma}")
            migrate(self._connection)
        except (OSError, sqlite3.DatabaseError) as error:
            raise GalleryError(f"cannot use {path}: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write alone: no other thread or process writes between the first read and the commit."""
        with self._lock:
            if self._connection.in_transaction:  # part of a larger one
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read; several statements may see different states."""
        with self._lock:
            yield self._connection

    def generation(self) -> int:
        """Return a number that changes whenever anybody, in this process or another, changed people or templates."""
        with self._lock:
            row = self._connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
            return int(row["value"])

    def forget_deleted(self) -> None:
        """Rewrite the file and empty the log, so that nothing deleted can be read from either.

        Raises:
            GalleryError: another process kept reading for too long; repeat it.
        """
        with self._lock:
            try:
                for _ in range(2):  # VACUUM writes through the log, which is then emptied as well
                    busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                    if busy:
                        raise GalleryError("the log could not be emptied while another process reads; repeat it")
                    self._connection.execute("VACUUM")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                raise GalleryError(f"the gallery could not be rewritten: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
