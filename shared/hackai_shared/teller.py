"""Tells people of trouble past every part that may be in trouble, and of its end."""

from __future__ import annotations

import threading
import time
from typing import Callable, List, Sequence

import structlog

from hackai_shared.last_message import CauseBook, Target, send_now

log = structlog.get_logger(__name__)

Send = Callable[[str], List[str]]
RETRY_S = (2.0, 5.0, 10.0, 30.0, 60.0)


class Teller:
    """Sends in threads of its own: a network that hangs holds up nobody, least of all a restart or a stop."""

    def __init__(self, groups: Sequence[Sequence[Target]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._groups = groups
        self._clock = clock
        self._book = CauseBook()
        self._stopping = threading.Event()

    def trouble(self, cause: str, text: str) -> None:
        """Tell that something broke, unless the same was told a moment ago."""
        if self._book.begin(cause, self._clock()):
            times = self._book.times(cause)
            self.say(text if times == 1 else f"{text}\nThis has happened {times} times in the last minutes.")

    def over(self, cause: str, text: Callable[[float], str]) -> None:
        """Tell that it is over where its beginning was told; ``text`` gets the seconds that it lasted."""
        lasted_s = self._book.end(cause, self._clock())
        if lasted_s is not None:
            self.say(text(lasted_s))

    def say(self, text: str) -> None:
        """Send a text now and, while nobody could be reached, again with growing pauses."""
        log.error("message to people", text=text)
        threading.Thread(target=self._send, args=(text,), name="last-message", daemon=True).start()

    def close(self) -> None:
        """Try nothing again any more."""
        self._stopping.set()

    def _send(self, text: str) -> None:
        for pause_s in (0.0, *RETRY_S):
            if self._stopping.wait(pause_s):
                return
            reached = send_now(self._groups, text)
            if reached or not self._groups:
                log.info("message sent past the notifier", reached=reached)
                return
        log.error("nobody could be reached", text=text)
