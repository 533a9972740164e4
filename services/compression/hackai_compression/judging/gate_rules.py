"""What the gates of all tasks ask in the same way: size, and floors in places that are in no training. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from hackai_compression.budget import Budget, Floors

NOT_MEASURED = "was not measured"


class Judged(Protocol):
    """One variant as it was judged."""

    @property
    def variant(self) -> str:
        """Name of the variant."""

    @property
    def size_bytes(self) -> int:
        """Size of its file."""


E = TypeVar("E", bound=Judged)


def size_reasons(budget: Budget, evaluations: Sequence[Judged]) -> Iterator[str]:
    """Yield a reason if even the smallest variant is larger than the budget."""
    smallest = min(evaluations, key=lambda e: e.size_bytes)
    if budget.max_size is not None and smallest.size_bytes > budget.max_size:
        yield f"{smallest.variant}: {smallest.size_bytes} bytes, the budget is {budget.max_size}"


def elsewhere_reasons(
    floors: Floors,
    judged: Sequence[E],
    elsewhere: Sequence[E],
    below: Callable[[Floors, E], Iterator[str]],
    *,
    missing: str,
) -> Iterator[str]:
    """Yield what ``below`` says of each variant elsewhere; ``missing`` says why there may be no such pictures."""
    if floors.empty():
        return
    found = {e.variant: e for e in elsewhere}
    for variant in (e.variant for e in judged):
        if variant not in found:
            yield f"{variant}: elsewhere {NOT_MEASURED}: {missing}"
        else:
            yield from (f"{variant}: elsewhere: {reason}" for reason in below(floors, found[variant]))
