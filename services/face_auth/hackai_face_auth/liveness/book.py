"""Open challenges: each may be answered once, by the client it was made for, in time."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from hackai_face_auth.liveness.steps import Step

# Kept in memory on purpose: a restart ends all open challenges, which is the safe side.
MAX_OPEN = 1000


@dataclass(frozen=True)
class Challenge:
    """``issued_s`` and ``expires_s`` are on the clock of the book."""

    challenge_id: str
    client: str
    steps: Sequence[Step]
    issued_s: float
    expires_s: float


@dataclass(frozen=True)
class Taken:
    """What became of an attempt to answer a challenge."""

    challenge: Challenge | None
    refusal: Literal["", "unknown", "expired", "other-client"]


class ChallengeBook:
    """Hands out challenges and takes them back; ``clock`` is monotonic seconds."""

    def __init__(self, *, seconds: float, draw: Callable[[], Sequence[Step]], clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._draw = draw
        self._clock = clock
        self._open: dict[str, Challenge] = {}
        self._lock = threading.Lock()

    def issue(self, client: str) -> Challenge:
        """Return a new challenge; the one before of the same client ends."""
        with self._lock:
            now = self._clock()
            self._open = {key: value for key, value in self._open.items() if value.expires_s > now}
            surplus = [key for key, value in self._open.items() if value.client == client]
            surplus += list(self._open)[: max(0, len(self._open) - MAX_OPEN + 1)]
            for key in surplus:
                self._open.pop(key, None)
            challenge = Challenge(secrets.token_hex(16), client, self._draw(), now, now + self._seconds)
            self._open[challenge.challenge_id] = challenge
            return challenge

    def take(self, challenge_id: str, client: str) -> Taken:
        """Take a challenge out for good: whatever comes of it, it cannot be answered again."""
        with self._lock:
            challenge = self._open.pop(challenge_id, None)
            if challenge is None:
                return Taken(None, "unknown")
            if challenge.expires_s <= self._clock():
                return Taken(None, "expired")
            if challenge.client != client:
                return Taken(None, "other-client")
            return Taken(challenge, "")
