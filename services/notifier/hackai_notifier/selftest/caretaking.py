"""Puts together what watches over the watch itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hackai_notifier.channels.base import Channel
from hackai_notifier.people.recipients import Directory
from hackai_notifier.selftest.bus_watch import BusWatch
from hackai_notifier.selftest.canary_watch import CanaryWatch
from hackai_notifier.selftest.daily import DailySummary
from hackai_notifier.selftest.drill_watch import DrillWatch
from hackai_notifier.selftest.external_check import ExternalCheck
from hackai_notifier.selftest.maintenance_notices import Notices
from hackai_notifier.selftest.replica_watch import ReplicaWatch
from hackai_notifier.selftest.tracer import Tracer
from hackai_notifier.storage.database import Database
from hackai_notifier.texts.render import Writer
from hackai_shared.config import HackAIConfig
from hackai_shared.health import CheckResult
from hackai_shared.service import ServiceContext, Task


@dataclass(frozen=True)
class Caretaking:
    """The canary, drills, the daily summary, the external check, and who is told about them."""

    notices: Notices
    bus: BusWatch
    tracer: Tracer
    canary: CanaryWatch
    replicas: ReplicaWatch
    drills: DrillWatch
    summary: DailySummary | None = None
    external: ExternalCheck | None = None

    @property
    def closers(self) -> list[Task]:
        """What has to be closed at the end."""
        return [] if self.external is None else [self.external.close]

    def tasks(self, stop: asyncio.Event) -> dict[str, Task]:
        """Return what runs until ``stop`` is set."""
        tasks: dict[str, Task] = {
            "bus": lambda: self.bus.run(stop),
            "canary": lambda: self.canary.run(stop),
            "replicas": lambda: self.replicas.run(stop),
            "tracer": lambda: self.tracer.run(stop),
            "drills": lambda: self.drills.run(stop),
        }
        for name, one in (("summary", self.summary), ("external-check", self.external)):
            if one is not None:
                tasks[name] = partial(one.run, stop)
        return tasks

    def details(self) -> dict[str, Any]:
        """Return what the heartbeat says."""
        return {"canary": {**self.canary.details(), "proven_s_ago": self.replicas.details()}}


def take_care(
    context: ServiceContext,
    config: HackAIConfig,
    database: Database,
    directory: Directory,
    writer: Writer,
    channels: Mapping[str, Channel],
    *,
    changed: Callable[[], None],
) -> Caretaking:
    """Build it and add its check to the readiness of the service."""
    notices = Notices(database, directory, channels, changed=changed)
    bus = BusWatch(notices, lambda: context.health.results().get("redis", CheckResult(True, "not asked")))
    tracer = Tracer(context.bus)
    replicas = ReplicaWatch(notices, config.canary, living=tracer.replicas, broken=lambda: canary.broken is not None)
    canary = CanaryWatch(
        database,
        notices,
        tracer,
        config.canary,
        context.metrics,
        changed=changed,
        came_through=replicas.came_through,
    )
    drills = DrillWatch(database, directory, tracer, writer, changed=changed)
    context.health.add("canary", canary.check)
    context.health.add("replicas", replicas.check)
    notifier = config.notifier
    summary = external = None
    if notifier.summary_at is not None:
        summary = DailySummary(
            database, directory, config.canary, at=notifier.summary_at, zone=writer.zone, changed=changed
        )
    if notifier.external_check is not None:
        external = ExternalCheck(notifier.external_check, context.health, context.metrics)
    return Caretaking(notices, bus, tracer, canary, replicas, drills, summary, external)
