"""The SQLite file of the face service: opened privately, in WAL, with deletions that overwrite."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from hackai_face_auth.errors import GalleryError
from hackai_face_auth.gallery.schema import migrate
from hackai_shared.sqlite_repair import Salvage, is_damage, salvage, set_aside

log = structlog.get_logger(__name__)

BUSY_S = 10.0


class Database:
    """One connection behind a lock; other processes (the command line) may have the file open as well."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self.saved: Salvage | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                self._connection = self._connect()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._begin_anew(error)
        except (OSError, sqlite3.DatabaseError) as error:
            raise GalleryError(f"cannot use {path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        # Made by us before SQLite does, so that nobody else can read it at any moment.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "foreign_keys = ON", "secure_delete = ON", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}")
            migrate(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        """Set the damaged file aside and save what can be read of it into a new one."""
        log.error("gallery is damaged, beginning a new one", file=str(self.path), error=str(error))
        aside = set_aside(self.path)
        self._connection = self._connect()
        self.saved = salvage(aside, self._connection)
        # Whoever keeps a copy of the templates reads them anew.
        self._connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
        log.error("gallery begun anew", result=str(self.saved))

    @contextmanager
    def _watched(self) -> Iterator[sqlite3.Connection]:
        """Hand out the connection; a file that proves damaged is replaced, and the work has to be repeated.

        Raises:
            GalleryError: the file was damaged, or cannot be used.
        """
        try:
            yield self._connection
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                if isinstance(error, sqlite3.OperationalError):
                    raise GalleryError(f"cannot use {self.path}: {error}") from error
                raise
            self._connection.close()
            try:
                self._begin_anew(error)
            except (OSError, sqlite3.Error) as problem:
                raise GalleryError(f"cannot begin {self.path} anew: {problem}") from problem
            raise GalleryError("the gallery was damaged and has been repaired; repeat it") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write alone: no other thread or process writes between the first read and the commit."""
        with self._lock:
            if self._connection.in_transaction:  # part of a larger one
                yield self._connection
                return
            with self._watched() as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:  # on a full disk SQLite has rolled back already
                        connection.execute("ROLLBACK")
                    raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read; several statements may see different states."""
        with self._lock:
            if self._connection.in_transaction:  # its end is watched by whoever began it
                yield self._connection
                return
            with self._watched() as connection:
                yield connection

    def generation(self) -> int:
        """Return a number that changes whenever anybody, in this process or another, changed people or templates."""
        with self.reading() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()["value"])

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
