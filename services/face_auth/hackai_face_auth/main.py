"""Starts the face service."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import structlog
from redis.exceptions import RedisError

from hackai_face_auth.api.app import create_face_app
from hackai_face_auth.api.context import Edge
from hackai_face_auth.audit import AuditSender
from hackai_face_auth.core import Core, build_core, load_engine
from hackai_face_auth.errors import FaceAuthError
from hackai_face_auth.metrics import FaceMetrics
from hackai_face_auth.settings import FaceAuthSettings
from hackai_face_auth.workbench import Workbench
from hackai_shared.bus import Bus
from hackai_shared.config import ConfigError, ConfigProblem, HackAIConfig, load_config
from hackai_shared.health import CheckResult
from hackai_shared.security import Gate, KeySet, RevocationList, Role, SecretInvalid, ServiceToken, publish_revoked
from hackai_shared.security.enrolled import publish_enrolled
from hackai_shared.service import ServiceContext, ServiceParts, run_service
from hackai_shared.settings import read_settings

log = structlog.get_logger(__name__)

PUBLISH_S = 1.0


async def build(context: ServiceContext) -> ServiceParts:
    """Return the parts of the service.

    Raises:
        ConfigError: the configuration, the models or the gallery cannot be used.
    """
    settings = context.settings
    assert isinstance(settings, FaceAuthSettings)
    try:
        core = await asyncio.to_thread(_open, settings, load_config(settings.config))
        service_token = ServiceToken(settings.service_token)
    except (FaceAuthError, SecretInvalid) as error:
        raise ConfigError([ConfigProblem(str(settings.config), 1, 1, "faces", str(error))]) from error
    if not service_token:
        log.warning("no service token is configured: nobody can log in; set HACKAI_SERVICE_TOKEN_FILE")
    if not core.passive:
        log.warning(
            "passive liveness is off: no anti-spoof models were found; screens and prints are told by movement alone; "
            "set faces.liveness.antispoof_folder"
        )
    offer_first_code(core, settings.folder)
    revoked = RevocationList(context.bus.client)
    gate = Gate(
        "face_auth",
        keys=KeySet.of(core.key.public_key()),
        service_token=service_token,
        revoked=revoked,
        metrics=context.metrics,
    )
    edge = Edge(core, Workbench(), revoked, FaceMetrics(context.metrics))
    sender = AuditSender(core.audit, context.bus)
    context.health.add("gallery", lambda: _gallery_check(core))

    async def close() -> None:
        await edge.bench.close()
        core.database.close()

    return ServiceParts(
        app=create_face_app(edge, gate, context.health, context.metrics),
        port=settings.face_auth_port,
        tasks={
            "audit": lambda: sender.run(context.stop),
            "revocations": lambda: _publish(core, context.bus, revoked, context.stop),
        },
        closers=[close],
        details=lambda: {"model_id": core.engine.model_id, "passive_liveness": core.passive},
    )


def _open(settings: FaceAuthSettings, config: HackAIConfig) -> Core:
    return build_core(settings, config.faces, load_engine(config.faces), listed=config.notifier.listed_chats())


def offer_first_code(core: Core, folder: Path) -> None:
    """Print a one-time code as long as there is no administrator; the one of an earlier start ends with it.

    It goes to the console of whoever starts the service and not into the log, which may be shipped elsewhere.
    """
    if core.store.has_admin():
        return
    code = core.codes.issue(Role.ADMIN, expires_at=None, replace=True)
    sys.stderr.write(
        "\n  Nobody is enrolled as administrator yet. One-time code for the first one:\n\n"
        f"      {code}\n\n"
        "  Send it to the bot with a photo of yourself (/enroll CODE NAME), or on this machine:\n"
        f"      hackai enroll NAME photo.jpg --role admin      (gallery: {folder})\n\n"
    )
    sys.stderr.flush()


def _gallery_check(core: Core) -> CheckResult:
    try:
        generation, saved = core.database.generation(), core.database.saved
        repaired = "" if saved is None else f"; it was damaged: {saved}"
        return CheckResult(True, f"readable, generation {generation}{repaired}")
    except FaceAuthError as error:
        return CheckResult(False, str(error))


async def _publish(core: Core, bus: Bus, revoked: RevocationList, stop: asyncio.Event) -> None:
    """Keep the lists of revoked sessions and of people in Redis complete, whatever Redis forgot and whoever changed."""
    reachable = True
    while not stop.is_set():
        now = time.time()
        ended = await asyncio.to_thread(core.sessions.revoked)
        people = await asyncio.to_thread(core.store.person_ids)
        for jti, expires_at in ended.items():
            revoked.add(jti, expires_at)
        try:
            await publish_revoked(bus.client, ended, now=now)
            await publish_enrolled(bus.client, people, now=now)
            await revoked.refresh()
            reachable = True
        except (RedisError, OSError) as error:
            if reachable:
                log.warning("revoked sessions and deleted people wait for Redis", error=str(error))
            reachable = False
        try:
            await asyncio.wait_for(stop.wait(), PUBLISH_S)
        except TimeoutError:
            continue


def main() -> None:
    """Run until SIGTERM; exits the process."""
    run_service("face_auth", lambda: read_settings(FaceAuthSettings), build)
