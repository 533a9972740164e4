"""Child processes that never outlive this one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import structlog

log = structlog.get_logger(__name__)

_PR_SET_PDEATHSIG = 1
KILLED_S = 5.0
# Loaded before the fork: between fork and exec nothing may allocate or import.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, however that happens (prctl(2), Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One running child process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process

    @classmethod
    async def start(
        cls, name: str, *command: str | Path, environment: dict[str, str] | None = None, log_path: Path | None = None
    ) -> Self:
        """Start a program; its output goes to ``log_path``, or to this process's stderr.

        Raises:
            OSError: the program or the log file cannot be opened.
        """
        log_file = None if log_path is None else log_path.open("ab")
        try:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sys.stderr if log_file is None else log_file,
                stderr=sys.stderr if log_file is None else log_file,
                env={**os.environ, **(environment or {})},
                preexec_fn=_die_with_parent,
                start_new_session=True,  # Ctrl-C goes to this process, which stops the children in order
            )
        finally:
            if log_file is not None:
                log_file.close()
        return cls(name, process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the end; return the exit status."""
        return await self._process.wait()

    def kill(self) -> None:
        """Send SIGKILL, which also ends a process that is stopped or hangs."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self, grace_s: float = 10.0) -> int | None:
        """Send SIGTERM, after ``grace_s`` SIGKILL; return the exit status.

        None: not even SIGKILL ended it within ``KILLED_S`` (it waits for a disk that does not answer); the kernel ends
        it when it can, and nobody waits for that.
        """
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            if await self._ended_within(grace_s):
                return self._process.returncode
            log.warning("did not stop in time, killing it", process=self.name, grace_s=grace_s)
            self.kill()
            if not await self._ended_within(KILLED_S):
                log.error("does not even end when it is killed", process=self.name, pid=self.pid)
        return self._process.returncode

    async def _ended_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return False
        return True
