"""When a service that runs does not work. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# A process that hangs does not answer at all: four questions and so many seconds rule out a moment of load.
NO_ANSWER_S = 15.0
QUESTIONS = 4
# It answers and says itself that its own work is stuck; its watchdog ends it as well, unless that hangs too.
STUCK_S = 15.0
# A model that is loaded, a gallery that is read.
START_S = 180.0


@dataclass(frozen=True)
class Answer:
    """What ``/readyz`` said: failing checks of the service's own work, with their words."""

    stuck: Mapping[str, str]


class Pulse:
    """Judges one run of a service by its answers; seconds of one steady clock."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._answered_at: float | None = None
        self._unanswered = 0
        self._silent_since: float | None = None
        self._stuck_since: float | None = None

    @property
    def works(self) -> bool:
        """Whether the last question was answered, and nothing was stuck."""
        return self._answered_at is not None and self._unanswered == 0 and self._stuck_since is None

    def note(self, now: float, answer: Answer | None) -> str | None:
        """Take down one answer (None: none in time); return why the process has to be killed, if it has."""
        if answer is None:
            return self._no_answer(now)
        self._answered_at, self._unanswered, self._silent_since = now, 0, None
        if not answer.stuck:
            self._stuck_since = None
            return None
        self._stuck_since = now if self._stuck_since is None else self._stuck_since
        if now - self._stuck_since < STUCK_S:
            return None
        return "; ".join(f"{name}: {words}" for name, words in answer.stuck.items())

    def _no_answer(self, now: float) -> str | None:
        self._unanswered += 1
        self._silent_since = now if self._silent_since is None else self._silent_since
        if self._answered_at is None:
            waited = now - self._started
            return f"it has not begun to work within {waited:.0f} s" if waited > START_S else None
        if self._unanswered < QUESTIONS or now - self._answered_at < NO_ANSWER_S:
            return None
        return f"it has not answered for {now - self._answered_at:.0f} s"
