"""Live: all cameras as tiles, one camera large, and the stream that feeds both."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from hackai_dashboard.context import Caller, Part, Site
from hackai_dashboard.incident_search import Incident
from hackai_dashboard.stream import HARMLESS, danger, parts
from hackai_shared.bus import BusUnavailable
from hackai_shared.figures import percent
from hackai_shared.judged import is_judged, judged_ages_s
from hackai_shared.learned_text import learned_from
from hackai_shared.messages import CameraStatus, ServiceStatus, utc_now
from hackai_shared.problems import Problem
from hackai_shared.seated_stream import SeatedStream

CameraPath = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
# What must run for an alarm to reach anybody.
NEEDED = ("camera", "inference", "notifier")
# A heat-map is drawn from this probability of fire and starting fire together.
DRAWN_FROM = 0.1
_IMMUTABLE = {"cache-control": "private, max-age=31536000, immutable"}


def add_routes(router: APIRouter, site: Site) -> None:
    """Add the routes of this page."""

    @router.get("/static/{path:path}", tags=["static"], summary="Scripts and styles")
    async def static(path: str) -> Response:
        asset = site.assets.find(path)
        if asset is None:
            raise Problem(404, "there is no such file", kind="unknown-file")
        return Response(asset.data, media_type=asset.media_type, headers=_IMMUTABLE)

    @router.get("/", tags=["live"], response_class=HTMLResponse, summary="All cameras")
    async def live(request: Request) -> Response:
        return site.pages.render(
            request,
            "live.html",
            cameras=await _cameras(site),
            summary=await _summary(site),
        )

    @router.get("/live/summary", tags=["live"], response_class=HTMLResponse, summary="Is there a fire? Does it work?")
    async def summary(request: Request) -> Response:
        return site.pages.render(request, "_summary.html", summary=await _summary(site))

    @router.get(
        "/live/stream",
        tags=["live"],
        response_class=StreamingResponse,
        summary="Frames and what the model says of them, see hackai_dashboard.stream",
        responses={200: {"content": {"application/octet-stream": {}}}},
    )
    async def stream(
        guest: Caller,
        fps: Annotated[float, Query(gt=0, le=15)] = 5.0,
        camera: Annotated[list[str] | None, Query(description="only these")] = None,
    ) -> StreamingResponse:
        session = guest.session
        # Not every camera on the bus is one of the house: the canary has its own.
        wanted = frozenset(site.cameras if camera is None else camera) & frozenset(site.cameras)
        seat = ExitStack()
        viewer = seat.enter_context(site.feed.watch(wanted))
        frames = parts(viewer, fps=fps, holds=lambda: session is None or site.gate.holds(session))
        return SeatedStream(frames, seat.close, media_type="application/octet-stream")

    @router.get("/cameras/{camera_id}", tags=["live"], response_class=HTMLResponse, summary="One camera")
    async def camera_page(request: Request, camera_id: CameraPath) -> Response:
        _known(site, camera_id)
        found = await site.ask("notifier", "/v1/incidents", params={"limit": 5, "camera_id": camera_id})
        recent = Part([Incident.model_validate(one) for one in found.data or []], found.trouble)
        return site.pages.render(
            request,
            "camera.html",
            camera=next(one for one in await _cameras(site) if one["camera_id"] == camera_id),
            recent=recent,
        )

    @router.get("/cameras/{camera_id}/snapshot.jpg", tags=["live"], response_class=Response, summary="Newest frame")
    async def snapshot(camera_id: CameraPath) -> Response:
        _known(site, camera_id)
        answer = await site.upstream.call("camera", "GET", f"/v1/cameras/{camera_id}/snapshot.jpg")
        return Response(answer.content, media_type="image/jpeg")

    @router.get("/cameras/{camera_id}/heat", tags=["live"], summary="Where the model looks in the newest frame")
    async def heat(camera_id: CameraPath) -> dict[str, Any]:
        _known(site, camera_id)
        frame = await site.upstream.call("camera", "GET", f"/v1/cameras/{camera_id}/snapshot.jpg")
        answer = await site.upstream.call(
            "inference",
            "POST",
            "/v1/predict",
            params={"explain": "1"},
            content=frame.content,
            # Frames of cameras are judged before requests: this never delays an alarm.
            extra_headers={"content-type": "image/jpeg"},
        )
        said = answer.json()
        explanation = said["explanation"]
        # What speaks for "no fire" glows everywhere: only a danger is drawn.
        drawn = explanation["label"] != HARMLESS and danger(said["probabilities"]) >= DRAWN_FROM
        return {"label": explanation["label"], "rows": explanation["heat_map"] if drawn else []}


def _known(site: Site, camera_id: str) -> None:
    if camera_id not in site.cameras:
        raise Problem(404, f"there is no camera {camera_id}", kind="unknown-camera")


async def _cameras(site: Site) -> list[dict[str, Any]]:
    """Return every configured camera with its state; one that nobody speaks of is missing, and shown as such."""
    try:
        statuses = await site.bus.statuses()
    except BusUnavailable:
        statuses = []
    known = {camera.camera_id: camera for status in statuses for camera in status.cameras}
    learned = {camera: told for status in statuses for camera, told in status.details.get("learned", {}).items()}
    ages = judged_ages_s(statuses, utc_now())
    return [_camera(one, name, known.get(one), ages.get(one), learned.get(one)) for one, name in site.cameras.items()]


def _learned(told: dict[str, Any] | None) -> str:
    """Return what a camera learned from its quiet; nothing where it raised nothing."""
    if told is None or not told["share"]:
        return ""
    where = "At places" if told["share"] < 1 else "Everywhere"
    return f"{where} counts from {percent(told['counts_from'])}, {learned_from(told['days'], told['false_alarms'])}"


def _camera(
    camera_id: str, name: str, status: CameraStatus | None, judged_s: float | None, learned: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "camera_id": camera_id,
        "name": name,
        "state": "silent" if status is None else status.state,
        "judged_s": judged_s,
        "fps": 0.0 if status is None else status.fps,
        "width": (status.width if status else None) or 16,
        "height": (status.height if status else None) or 9,
        "error": (status.error if status else None) or "",
        "learned": _learned(learned),
    }


async def _summary(site: Site) -> dict[str, Any]:
    """Return what matters from two meters; each is shown beside the others, and only without any is all clear.

    ``ringing``: fires that nobody took care of. ``known``: fires that still burn, acknowledged or called false.
    ``trouble``: parts that do not work. ``unjudged``: cameras that nobody watches. ``faults``: cameras that cannot be
    relied on. ``disarmed``: who disarmed what, until when.
    """
    found = await site.ask("notifier", "/v1/incidents", params={"limit": 50})
    incidents = [Incident.model_validate(one) for one in found.data or []]
    burning = [one for one in incidents if one.burns]
    statuses: list[ServiceStatus] = []
    try:
        statuses = await site.bus.statuses()
        ready = {status.service for status in statuses if status.ready}
        trouble = [service for service in NEEDED if service not in ready]
    except BusUnavailable:
        trouble = ["redis"]
    if found.trouble and "notifier" not in trouble:
        trouble.append("notifier")
    ended = {one.camera_id for status in statuses for one in status.cameras if one.state == "ended"}
    ages = judged_ages_s(statuses, utc_now())
    unjudged = [
        name
        for camera_id, name in site.cameras.items()
        if camera_id not in ended and not is_judged(ages.get(camera_id))
    ]
    faults = [one for one in incidents if one.open and one.kind == "camera_fault" and one.false_alarm is None]
    return {
        "ringing": [one for one in burning if one.rings],
        "known": [one for one in burning if not one.rings],
        "trouble": trouble,
        "unjudged": unjudged,
        "ended": len(ended & set(site.cameras)),
        "faults": faults,
        "disarmed": [one for status in statuses for one in status.details.get("disarmed") or []],
        "cameras": len(site.cameras),
    }
