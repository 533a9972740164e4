"""Every call that was made, with the bytes of its files, and how it was answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SENDING = ("sendMessage", "sendPhoto", "sendVideo", "sendDocument")


@dataclass
class Call:
    """One call; ``status`` is 0 while it has no answer. ``at`` is the monotonic time of its arrival."""

    method: str
    params: dict[str, Any]
    files: dict[str, bytes]
    at: float = field(default_factory=time.monotonic)
    status: int = 0
    result: Any = None
    description: str = ""

    @property
    def ok(self) -> bool:
        """Whether it took effect."""
        return self.status == 200

    @property
    def chat_id(self) -> int | None:
        """The chat it was about."""
        value = self.params.get("chat_id")
        return int(value) if value is not None else None

    @property
    def text(self) -> str:
        """Text or caption."""
        return str(self.params.get("text", self.params.get("caption", "")))


class Journal:
    """The calls in their order."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._changed = asyncio.Condition()

    async def add(self, call: Call) -> None:
        """Note a call."""
        self.calls.append(call)
        await self.changed()

    async def changed(self) -> None:
        """Wake those who wait."""
        async with self._changed:
            self._changed.notify_all()

    def of(self, *methods: str, chat_id: int | None = None, ok: bool | None = True) -> list[Call]:
        """Return calls of some methods (none: all), to one chat, that succeeded (None: whatever became of them)."""
        return [
            call
            for call in self.calls
            if (not methods or call.method in methods)
            and (chat_id is None or call.chat_id == chat_id)
            and (ok is None or call.ok == ok)
        ]

    async def wait(self, condition: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait until a condition on the journal holds.

        Raises:
            TimeoutError: it did not; the message tells what was called.
        """
        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError:
            seen = [f"{call.method}({call.chat_id}) -> {call.status} {call.description}" for call in self.calls[-40:]]
            raise TimeoutError("never happened; calls: " + "; ".join(seen)) from None

    async def wait_for(
        self, method: str, count: int = 1, *, chat_id: int | None = None, ok: bool | None = True, timeout: float = 20.0
    ) -> list[Call]:
        """Wait for a number of calls and return them."""
        await self.wait(lambda: len(self.of(method, chat_id=chat_id, ok=ok)) >= count, timeout)
        return self.of(method, chat_id=chat_id, ok=ok)
