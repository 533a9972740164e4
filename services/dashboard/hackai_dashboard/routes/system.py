"""System: every leg of the watch with its checks, canary, drills, what waits to be delivered, the doctor's advice."""

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
        statuses = await _statuses(site)
        return site.pages.render(
            request,
            template,
            legs=Part(
                [leg for service in (*LEGS, *OTHERS) for leg in legs_of(service, statuses.data)], statuses.trouble
            ),
            canary=canary_of(statuses.data),
            outbox=await site.ask("notifier", "/v1/outbox", params={"limit": 5}),
            drills=await site.ask("notifier", "/v1/drills", params={"limit": 10}),
            doctor=await _doctor(site),
        )


async def _statuses(site: Site) -> Part:
    try:
        return Part(await site.bus.statuses())
    except BusUnavailable as error:
        return Part([], str(error))


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


def canary_of(statuses: list[ServiceStatus]) -> dict[str, Any] | None:
    """Return what the notifier last said of its test fires; None: it says nothing.

    ``state`` is ``off``, ``broken`` (``reason`` says where), ``waiting`` (none came through yet) or ``working``;
    ``at`` is the Unix time of the last one that came through.
    """
    told = [status for status in statuses if status.service == "notifier" and status.details.get("canary")]
    if not told:
        return None
    said = max(told, key=lambda status: status.at).details["canary"]
    at, broken = said.get("delivered_at"), said.get("broken")
    if not said.get("enabled"):
        state = "off"
    elif broken:
        state = "broken"
    else:
        state = "waiting" if at is None else "working"
    return {"state": state, "at": at, "reason": broken["reason"] if broken else ""}


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
