"""The gate of a service from its settings, and what keeps it up to date."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from hackai_shared.config import ConfigError, ConfigProblem
from hackai_shared.security.errors import KeysUnavailable, SecretInvalid
from hackai_shared.security.gate import Gate
from hackai_shared.security.keys import KeySet, Reader, file_reader, http_reader
from hackai_shared.security.revocations import RevocationList
from hackai_shared.security.service_token import ServiceToken
from hackai_shared.service import ServiceContext
from hackai_shared.settings import ServiceSettings

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ServiceGate:
    """``watch`` keeps the list of revoked sessions fresh; run it as a task of the service."""

    gate: Gate
    revoked: RevocationList

    async def watch(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set."""
        await self.revoked.run(stop)


@dataclass(frozen=True)
class GateParts:
    """What a gate is made of, for a service that has more proofs than tokens."""

    keys: KeySet
    service_token: ServiceToken
    revoked: RevocationList


def gate_parts(context: ServiceContext) -> GateParts:
    """Return the parts of a service's gate.

    Raises:
        ConfigError: see :func:`gate_of`.
    """
    settings = context.settings
    try:
        parts = GateParts(
            KeySet(_reader(settings)), ServiceToken(settings.service_token), RevocationList(context.bus.client)
        )
    except (SecretInvalid, KeysUnavailable) as error:
        raise ConfigError([ConfigProblem("environment", 1, 1, "HACKAI_SERVICE_TOKEN", str(error))]) from error
    if not parts.service_token and settings.face_auth_url is None and settings.jwks_file is None:
        log.warning("nobody can use the HTTP interface: set HACKAI_SERVICE_TOKEN_FILE or HACKAI_FACE_AUTH_URL")
    return parts


def gate_of(context: ServiceContext) -> ServiceGate:
    """Return the gate of a service.

    Without a service token services are refused, without the address of the face service people are: what is not
    configured is closed, never open.

    Raises:
        ConfigError: the service token is too short, or the address of the face service is none.
    """
    parts = gate_parts(context)
    gate = Gate(
        context.name,
        keys=parts.keys,
        service_token=parts.service_token,
        revoked=parts.revoked,
        metrics=context.metrics,
    )
    return ServiceGate(gate, parts.revoked)


def _reader(settings: ServiceSettings) -> Reader:
    if settings.jwks_file is not None:
        return file_reader(Path(settings.jwks_file))
    if settings.face_auth_url is not None:
        return http_reader(settings.face_auth_url)
    return _nowhere


def _nowhere() -> bytes:
    raise KeysUnavailable("neither HACKAI_FACE_AUTH_URL nor HACKAI_JWKS_FILE is set")
