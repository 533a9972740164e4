"""Child processes that never outlive this one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import IO, Self

import structlog

log = structlog.get_logger(__name__)

_PR_SET_PDEATHSIG = 1
# Loaded before the fork: between fork and exec nothing may allocate or import.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, however that happens (prctl(2), Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One running child process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log_file: IO[bytes] | None) -> None:
        self.name = name
        self._process = process
        self._log_file = log_file

    @classmethod
    async def start(
        cls, name: str, *command: str | Path, environment: dict[str, str] | None = None, log_path: Path | None = None
    ) -> Self:
        """Start a program; its output goes to ``log_path``, or to this process's stderr.

        Raises:
            OSError: the program or the log file cannot be opened.
        """
        log_file = None if log_path is None else log_path.open("ab")
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr if log_file is None else log_file,
            stderr=sys.stderr if log_file is None else log_file,
            env={**os.environ, **(environment or {})},
            preexec_fn=_die_with_parent,
            start_new_session=True,  # Ctrl-C goes to this process, which stops the children in order
        )
        return cls(name, process, log_file)

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
        status = await self._process.wait()
        self._close_log()
        return status

    async def stop(self, grace_s: float = 10.0) -> int:
        """Send SIGTERM, after ``grace_s`` SIGKILL; return the exit status."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), grace_s)
            except TimeoutError:
                log.warning("did not stop in time, killing it", process=self.name, grace_s=grace_s)
                self._process.kill()
        return await self.wait()

    def _close_log(self) -> None:
        if self._log_file is not None:
            self._log_file.close()
