"""Can the services listen where they are told to?"""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from hackai_standalone.doctor.finding import Finding, Patient
from hackai_standalone.ports import is_free

NAME = "ports"


def check(patient: Patient) -> Iterable[Finding]:
    """Look at each port: free, ours, or somebody else's."""
    for service, port in patient.ports.items():
        if is_free("127.0.0.1", port):
            yield Finding(NAME, "ok", f"{port} is free for {service}")
        elif _is_ours(service, port):
            yield Finding(NAME, "ok", f"{service} is running on {port}")
        else:
            yield Finding(
                NAME,
                "problem",
                f"another program listens on {port}, the port of {service}",
                f"stop it, or set HACKAI_{service.upper()}_PORT",
            )


def _is_ours(service: str, port: int) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2)
        return bool(answer.json().get("service") == service)
    except (httpx.HTTPError, ValueError, AttributeError):
        return False
