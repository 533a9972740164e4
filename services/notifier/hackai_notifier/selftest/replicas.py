"""When was each instance of the inference service last proven to tell a fire? Pure: the clock is an argument.

The canary goes round from instance to instance (see ``pass_on`` of the inference service's leases), so with several of
them each is proven once in so many periods.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from hackai_shared.config.canary import CanaryConfig

# Periods to spare: an instance that ends or begins while it has the canary costs the others one.
SPARE = 1


class Unproven(NamedTuple):
    """An instance that is overdue, and the seconds since it was last proven, or seen first."""

    instance: str
    age_s: float


class Replicas:
    """The instances that live, each with the moment of its last proof."""

    def __init__(self, config: CanaryConfig) -> None:
        self._config = config
        self._since: dict[str, float] = {}

    @property
    def limit_s(self) -> float:
        """After so many seconds without a proof an instance is overdue."""
        return (len(self._since) + SPARE) * self._config.every_s + self._config.patience_s

    def see(self, living: Collection[str], now: float) -> None:
        """Take down who lives; a new one has its whole time before it."""
        self._since = {instance: self._since.get(instance, now) for instance in living}

    def prove(self, instance: str, now: float) -> None:
        """Take down that a canary which this instance recognised came through.

        An inference service of an earlier version does not say its name: all count as proven while one is updated.
        """
        if not instance:
            self.begin_anew(now)
        elif instance in self._since:
            self._since[instance] = now

    def begin_anew(self, now: float) -> None:
        """No canary came through at all: whose turn it was says nothing of the others."""
        self._since = dict.fromkeys(self._since, now)

    def ages_s(self, now: float) -> dict[str, float]:
        """Return the seconds since each was last proven."""
        return {instance: now - since for instance, since in sorted(self._since.items())}

    def overdue(self, now: float) -> list[Unproven]:
        """Return those that were not proven in time."""
        return [Unproven(one, age_s) for one, age_s in self.ages_s(now).items() if age_s > self.limit_s]
