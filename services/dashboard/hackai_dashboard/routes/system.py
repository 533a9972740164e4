"""System: every leg of the watch with its checks, drills, what waits to be delivered, and the doctor's advice."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from redis.exceptions import RedisError

from hackai_dashboard.context import Part, Site
from hackai_shared.bus import BusUnavailable, names
from hackai_shared.messages import DoctorReport, ServiceStatus

# What must run for an alarm to reach anybody, in the order in which an alarm travels; then what may run.
LEGS = ("camera", "inference", "notifier")
OTHERS = ("face_auth", "compression", "dashboard")


def add_routes(router: APIRouter, site: Site) -> None:
    """Add the routes of this page."""

    @router.get("/system", tags=["system"], response_class=HTMLResponse, summary="Does everything work?")
    async def system_page(request: Request) -> Response:
        template = "_system.html" if request.headers.get("x-fragment") else "system.html"
        return site.pages.render(
            request,
            template,
            legs=await _legs(site),
            outbox=await site.ask("notifier", "/v1/outbox", params={"limit": 5}),
            # Where the notifier has no drills there is nothing to show.
            drills=(await site.ask("notifier", "/v1/drills", params={"limit": 10})).data,
            doctor=await _doctor(site),
        )


async def _legs(site: Site) -> Part:
    try:
        statuses = await site.bus.statuses()
    except BusUnavailable as error:
        return Part([], str(error))
    return Part([leg for service in (*LEGS, *OTHERS) for leg in legs_of(service, statuses)])


def legs_of(service: str, statuses: list[ServiceStatus]) -> list[dict[str, Any]]:
    """Return one entry per instance of a service; one that is needed and silent is an entry too."""
    found = [status for status in statuses if status.service == service]
    if not found:
        silent: dict[str, Any] = {
            "service": service,
            "state": "silent",
            "instance": "",
            "checks": [],
            "model": None,
            "at": None,
        }
        return [silent] if service in LEGS else []
    return [
        {
            "service": service,
            "state": "working" if status.ready else "failing",
            "instance": status.instance,
            "checks": [_check(name, outcome) for name, outcome in sorted(status.checks.items())],
            "model": status.details.get("model"),
            "at": status.at,
        }
        for status in found
    ]


def _check(name: str, outcome: str) -> dict[str, Any]:
    ok, _, detail = outcome.partition(": ")
    return {"name": name, "ok": ok == "ok", "detail": detail}


async def _doctor(site: Site) -> DoctorReport | None:
    """Return the last report; None: there is none that can be believed."""
    try:
        raw = await site.bus.client.get(names.DOCTOR)
        return None if raw is None else DoctorReport.model_validate_json(raw)
    except (RedisError, OSError, ValidationError):
        return None
