"""How long to wait before a service that ended is started again. Pure."""

from __future__ import annotations

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# Who ran this long was healthy: its next failure is a new one.
HEALTHY_AFTER_S = 60.0


class RestartPolicy:
    """Doubles the pause from failure to failure; a healthy run resets it."""

    def __init__(self) -> None:
        self._next_s = FIRST_PAUSE_S

    def pause_s(self, *, ran_s: float) -> float:
        """Return the pause in seconds after a run of ``ran_s`` seconds."""
        if ran_s >= HEALTHY_AFTER_S:
            self._next_s = FIRST_PAUSE_S
        pause = self._next_s
        self._next_s = min(LONGEST_PAUSE_S, self._next_s * 2)
        return pause
