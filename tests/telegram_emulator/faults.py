"""Scripted failures: for one method or all, one chat or all, for a number of calls or a span of time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from telegram_emulator.errors import DESCRIPTIONS, TOO_MANY, ApiError

Kind = Literal["status", "hang", "reset", "hang_after"]


@dataclass
class Fault:
    """One scripted failure of the calls to ``method`` for ``chat_id`` whose text or caption contains ``text``.

    ``kind``: ``status`` answers ``code``; ``hang`` never answers; ``reset`` cuts the connection; ``hang_after`` carries
    the call out and then never answers (the window in which nobody can know). ``times``: for so many calls;
    ``seconds``: for so long since the first call that it hit; neither: until it is removed.
    """

    code: int = 500
    method: str | None = None
    chat_id: int | None = None
    text: str | None = None
    kind: Kind = "status"
    times: int | None = None
    seconds: float | None = None
    retry_after: int | None = None
    migrate_to: int | None = None
    description: str | None = None
    hits: int = 0
    began: float | None = field(default=None)

    def matches(self, method: str, chat_id: int | None, text: str, now: float) -> bool:
        """Return whether this call fails by it."""
        if self.method is not None and self.method.lower() != method.lower():
            return False
        if self.method is None and method.lower() in ("getupdates", "getme", "deletewebhook", "setmycommands"):
            return False  # only what is named fails there: a fault of sending must not stop the polling
        if self.chat_id is not None and self.chat_id != chat_id:
            return False
        if self.text is not None and self.text not in text:
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        return self.seconds is None or self.began is None or now - self.began < self.seconds

    def hit(self, now: float) -> None:
        """Count a call that failed by it."""
        self.hits += 1
        self.began = now if self.began is None else self.began

    def error(self, now: float) -> ApiError:
        """Return the answer."""
        if self.migrate_to is not None:
            kind = "Forbidden: the" if self.code == 403 else "Bad Request:"
            reason = f"{kind} group chat was upgraded to a supergroup chat"
            return ApiError(403 if self.code == 403 else 400, reason, migrate_to_chat_id=self.migrate_to)
        if self.code == 429:
            left = self.retry_after
            if left is None:
                ends = (self.began or now) + (self.seconds or 1.0)
                left = max(1, round(ends - now + 0.5))
            return ApiError(429, self.description or TOO_MANY.format(seconds=left), retry_after=left)
        return ApiError(self.code, self.description or DESCRIPTIONS.get(self.code, "Error"))


class Script:
    """The scripted failures in force."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Let it begin."""
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all."""
        self.faults.clear()

    def match(self, method: str, chat_id: int | None, text: str = "") -> Fault | None:
        """Return the failure that hits a call, and count it."""
        now = time.monotonic()
        for fault in self.faults:
            if fault.matches(method, chat_id, text, now):
                fault.hit(now)
                return fault
        return None
