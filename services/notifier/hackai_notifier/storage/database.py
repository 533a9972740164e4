"""One SQLite file, one writer thread, one transaction per unit of work.

``synchronous=FULL`` in WAL mode: what a transaction committed survives a power cut. All work runs on a single thread,
so that a slow flash never stops the event loop and no two coroutines share a transaction.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog

from hackai_shared.health import CheckResult
from hackai_shared.sqlite_repair import Salvage, is_damage, salvage, set_aside

log = structlog.get_logger(__name__)

# An alarm with its pictures. With less, small changes may still be written, and the next alarm is not.
ROOM_BYTES = 512 * 1024

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class DatabaseInUse(RuntimeError):
    """Another process has the file open: two notifiers would tell everything twice."""


class Database:
    """Runs units of work, each in its own transaction: it happens completely or not at all."""

    def __init__(self, path: Path, migrations: Sequence[str], *, max_pages: int | None = None) -> None:
        self._path = path
        self._migrations = migrations
        self._max_pages = max_pages
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None
        self._lock_file: int | None = None
        self._state = CheckResult(False, "not yet opened")
        self._salvages: list[Salvage] = []
        self._renewed: Callable[[], object] | None = None

    def on_renewed(self, call: Callable[[], None]) -> None:
        """Have ``call`` called in the event loop whenever a damaged file was replaced; at once where one was."""
        loop = asyncio.get_running_loop()
        self._renewed = lambda: loop.call_soon_threadsafe(call)
        if self._salvages:
            call()

    def take_salvages(self) -> list[Salvage]:
        """Return what became of damaged files since the last call."""
        taken, self._salvages = self._salvages, []
        return taken

    async def open(self) -> None:
        """Open the file and bring its schema up to date.

        A damaged file is set aside under another name and a new one begun: alarms of the future count more than the
        history.

        Raises:
            DatabaseInUse: another process works on it.
            sqlite3.Error: the folder cannot be written, or a newer version of the product wrote the file.
        """
        await self._call(self._open)
        self._state = CheckResult(True, "open")

    async def run(self, work: Work[T]) -> T:
        """Run ``work(connection)`` in one transaction and return its result.

        Raises:
            sqlite3.Error: nothing of it happened (disk full, I/O error).
        """
        return await self._call(lambda: self._transaction(work))

    async def close(self) -> None:
        """Close the file; waits for the unit of work that runs."""
        await self._call(self._close)
        self._thread.shutdown()

    def check(self) -> CheckResult:
        """Return whether the last unit of work succeeded and the disk has room for an alarm."""
        if not self._state.ok:
            return self._state
        try:
            disk = os.statvfs(self._path.parent)
        except OSError as error:
            return CheckResult(False, f"cannot look at {self._path.parent}: {error.strerror}")
        free = disk.f_bavail * disk.f_frsize
        if free < ROOM_BYTES:
            return CheckResult(False, f"the disk is full: {free} bytes are free, an alarm needs {ROOM_BYTES}")
        return self._state

    async def _call(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _transaction(self, work: Work[T], *, repeated: bool = False) -> T:
        assert self._lock_file is not None, "open() comes first"
        if self._connection is None:  # it could not be begun anew a moment ago
            self._connection = self._reconnect()
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite has rolled back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            self._state = CheckResult(False, f"cannot use {self._path.name}: {error}")
            if not is_damage(error):
                raise
            self._begin_anew(error)
            if repeated:
                raise
            # Nothing of the work happened: it is done in the new file.
            return self._transaction(work, repeated=True)
        self._state = CheckResult(True, "written")
        return result

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock()
        try:
            self._connection = self._connect()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        """Set the damaged file aside and save what can be read of it into a new one."""
        log.error("database is damaged, beginning a new one", file=str(self._path), error=str(error))
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            aside = set_aside(self._path)
            self._connection = self._connect()
        except OSError as problem:  # no descriptor, no room: the next unit of work tries again
            raise sqlite3.OperationalError(f"cannot begin {self._path.name} anew: {problem}") from problem
        saved = salvage(aside, self._connection)
        log.error("database begun anew", result=str(saved))
        self._salvages.append(saved)
        if self._renewed is not None:
            self._renewed()

    def _reconnect(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except OSError as error:
            raise sqlite3.OperationalError(f"cannot open {self._path.name}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        # Sessions of people are in it: made before SQLite does, so that nobody else can read it at any moment.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA journal_size_limit=16777216")
            if self._max_pages is not None:
                connection.execute(f"PRAGMA max_page_count={self._max_pages:d}")
            self._migrate(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(self._migrations):
            raise sqlite3.OperationalError(
                f"{self._path} has schema {version}, newer than this program ({len(self._migrations)})"
            )
        for number, script in enumerate(self._migrations[version:], start=version + 1):
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version={number};\nCOMMIT;")

    def _lock(self) -> None:
        handle = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Released by the kernel when the process dies, however it dies.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise DatabaseInUse(f"{self._path} is used by another notifier") from error
        self._lock_file = handle

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None
