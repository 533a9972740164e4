"""Start-up of the inference service."""

from __future__ import annotations

import asyncio
from typing import Any, Dict

from hackai_inference.http.api import add_routes
from hackai_inference.live.engine import Engine
from hackai_inference.live.live import LiveLoop
from hackai_inference.live.load_shedding import LoadShedding
from hackai_inference.live.loaded_models import LoadedModels, load_judges
from hackai_inference.live.outbox import Outbox
from hackai_inference.live.outbox_folder import OutboxFolder
from hackai_inference.live.resource_monitor import watch_resources
from hackai_inference.measures import InferenceMetrics
from hackai_inference.models.registry import Registry
from hackai_inference.runtimes import RuntimeUnavailable
from hackai_inference.settings import InferenceSettings
from hackai_inference.shadow.api import add_shadow_routes
from hackai_inference.shadow.health import watch_health
from hackai_inference.shadow.observer import Shadow
from hackai_shared.config import ConfigError, ConfigProblem, load_config
from hackai_shared.health import CheckResult
from hackai_shared.messages import ModelRef
from hackai_shared.security.service_gate import gate_of
from hackai_shared.service import ServiceContext, ServiceParts, run_service
from hackai_shared.serving.package import PackageError
from hackai_shared.settings import read_settings
from hackai_shared.web import create_app

NAME = "inference"
# What is left of the two seconds in which a service stops.
FLUSH_S = 1.2


async def build(context: ServiceContext) -> ServiceParts:
    """Load the model, connect engine, live loop and HTTP edge.

    Raises:
        ConfigError: the configuration is wrong, or there is no model that can be used.
    """
    settings = context.settings
    if not isinstance(settings, InferenceSettings):
        raise TypeError("the inference service needs InferenceSettings")
    config = load_config(settings.config)
    wanted = config.inference
    try:
        judges = load_judges(settings.models_dir, settings.state_dir, wanted)
    except (PackageError, RuntimeUnavailable) as error:
        raise ConfigError([ConfigProblem(str(settings.config), 1, 1, "inference", str(error))]) from error

    registry = judges.registry
    metrics = InferenceMetrics(context.metrics)
    engine = Engine(wanted.workers, queue_size=wanted.queue)
    outbox = Outbox(context.bus, OutboxFolder(settings.state_dir / "outbox"))
    outbox.on_sent = lambda event: metrics.incidents.labels(event.change).inc()
    relief = LoadShedding(wanted.detector.scan_every_s)
    shadow = Shadow(registry, settings.state_dir / "shadow", max_pixels=wanted.max_pixels)
    live = LiveLoop(
        context.bus,
        engine,
        judges.eyes(wanted.max_pixels),
        config,
        outbox,
        metrics,
        context.instance,
        relief=relief,
        shadow=shadow,
    )
    outbox.on_settled = live.settled
    metrics.watch(
        queue=lambda: engine.waiting,
        waiting=lambda: live.waiting,
        outbox=lambda: len(outbox),
        lost=lambda: outbox.lost,
        watched=lambda: len(live.leases.held),
        relief=lambda: relief.level,
    )
    context.health.add("model", lambda: _model_check(registry))
    context.health.add("frames", live.check, own=True)
    engine.start(live.serve)

    guard = gate_of(context)
    app = create_app(
        NAME,
        "LoadedModels pictures and live frames; manages model versions; speaks the Open Inference Protocol.",
        health=context.health,
        metrics=context.metrics,
        max_body_bytes=wanted.max_body_bytes,
        gate=guard.gate,
    )
    add_routes(
        app, registry, engine, metrics, max_pixels=wanted.max_pixels, detectors=judges.detectors, opinion=judges.opinion
    )
    add_shadow_routes(app, shadow)

    async def shut_down() -> None:
        await asyncio.get_running_loop().run_in_executor(None, engine.stop, 0.5)
        await asyncio.get_running_loop().run_in_executor(None, shadow.close)
        await outbox.flush(FLUSH_S)
        await live.quiet.keep_last()
        await live.leases.release()

    return ServiceParts(
        app=app,
        port=settings.inference_port,
        tasks={
            "live": lambda: live.run(context.stop),
            "outbox": lambda: outbox.run(context.stop),
            "strain": lambda: watch_resources(relief, context.stop),
            "probation": lambda: watch_health(shadow, live.check, context.stop),
            "revocations": lambda: guard.watch(context.stop),
        },
        closers=[shut_down],
        judged_s=live.judged_s,
        details=lambda: {
            "watches": live.leases.held,
            "learned": live.quiet.details(),
            **_details(judges, engine, outbox, relief),
        },
    )


def _model_check(registry: Registry) -> CheckResult:
    active = registry.active
    return CheckResult(True, f"{active.ref.name}/{active.ref.version} {active.ref.variant} on {active.device}")


def _details(judges: LoadedModels, engine: Engine, outbox: Outbox, relief: LoadShedding) -> Dict[str, Any]:
    active, opinion, detectors = judges.registry.active, judges.opinion, judges.detectors
    return {
        "model": _described(active.ref),
        "second_opinion": None if opinion is None else _described(opinion.ref),
        "detector": None if detectors is None else _described(detectors.active.ref),
        "runtime": active.runtime,
        "provider": active.device,
        "queue": engine.waiting,
        "outbox": len(outbox),
        "relief": relief.level.name.lower(),
    }


def _described(ref: ModelRef) -> Dict[str, Any]:
    return ref.model_dump(exclude={"schema_version"})


def main() -> None:
    """Run the service until SIGTERM."""
    run_service(NAME, lambda: read_settings(InferenceSettings), build)
