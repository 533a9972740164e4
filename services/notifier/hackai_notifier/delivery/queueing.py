"""Which waiting step of a recipient is tried next. Pure.

Within a lane the order is kept: the head is tried until it is done. A head that keeps failing while others could pass
is poison, though: once it failed ``STUBBORN`` times, the next one may be tried right after it failed again. If that
succeeds, the receiver works and the head alone is the trouble; if it fails too, everything waits, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# With delays of 0.5, 1, 2 … s the eighth failure comes about a minute after the first.
STUBBORN = 8


@dataclass(frozen=True)
class Queued:
    """A waiting step: when it may be tried (monotonic seconds) and how often it failed."""

    step_id: int
    due: float
    attempts: int


@dataclass(frozen=True)
class Choice:
    """The step to try now, or the seconds to wait for the next one; both None: nothing waits."""

    step_id: int | None = None
    wait_s: float | None = None


def choose(queue: Sequence[Queued], now: float, *, in_order: bool, overtake: bool) -> Choice:
    """Return what to do with a lane's queue, which is in the order of delivery.

    ``in_order``: a step that is not yet due holds up those behind it (unless it is stubborn and ``overtake`` is set).
    """
    wait: float | None = None
    for item in queue:
        if item.due <= now:
            return Choice(step_id=item.step_id)
        wait = item.due - now if wait is None else min(wait, item.due - now)
        if in_order and not (overtake and item.attempts >= STUBBORN):
            break
    return Choice(wait_s=wait)
