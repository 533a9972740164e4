"""Incidents: timeline with search, one incident with its pictures, and what people do about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from hackai_dashboard.context import Caller, Guest, Part, Site
from hackai_dashboard.incident_search import Incident, Search, State, by_day
from hackai_dashboard.routes.login import local_path
from hackai_dashboard.upstream import ServiceOffline, ServiceRefused

IncidentPath = Annotated[str, Path(max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$")]
Short = Annotated[str, Query(max_length=100)]
Next = Annotated[str, Form(alias="next", max_length=2_000)]
# What the notifier answers at most; older ones are found by narrowing the camera.
LIMIT = 500
PER_PAGE = 60


def add_routes(router: APIRouter, site: Site) -> None:
    """Add the routes of this page."""

    async def found(search: Search) -> Part:
        query: dict[str, Any] = {"limit": LIMIT, **({"camera_id": search.camera} if search.camera else {})}
        answer = await site.ask("notifier", "/v1/incidents", params=query)
        incidents = [Incident.model_validate(one) for one in answer.data or []]
        matching = [one for one in incidents if search.matches(one)]
        # Cameras that are no longer configured can be looked for as long as there is something of them.
        cameras = {**{one.camera_id: one.camera_name for one in incidents}, **site.cameras}
        return Part({"days": by_day(matching[:PER_PAGE]), "count": len(matching), "cameras": cameras}, answer.trouble)

    @router.get("/incidents", tags=["incidents"], response_class=HTMLResponse, summary="What happened")
    async def incidents_page(
        request: Request, q: Short = "", camera: Short = "", kind: Short = "", state: State = ""
    ) -> Response:
        search = Search(q, camera, kind, state)
        # The script of the page asks for the list alone while somebody types.
        template = "_incidents.html" if request.headers.get("x-fragment") else "incidents.html"
        page = await found(search)
        return site.pages.render(
            request, template, search=search, found=page, cameras=page.data["cameras"], per_page=PER_PAGE
        )

    @router.get("/incidents/{incident_id}", tags=["incidents"], response_class=HTMLResponse, summary="One incident")
    async def incident_page(request: Request, incident_id: IncidentPath) -> Response:
        incident = Incident.model_validate(await site.upstream.json("notifier", f"/v1/incidents/{incident_id}"))
        return site.pages.render(request, "incident.html", incident=incident, clip=await has_clip(incident))

    async def has_clip(incident: Incident) -> bool:
        """Return whether the clip is there; it comes some seconds after the incident and goes after many others."""
        if not incident.has_pictures:
            return False
        try:
            async with site.upstream.stream("notifier", f"/v1/incidents/{incident.incident_id}/clip.mp4"):
                return True
        except (ServiceOffline, ServiceRefused):
            return False

    async def picture(incident_id: str, name: str, media_type: str) -> Response:
        answer = await site.upstream.call("notifier", "GET", f"/v1/incidents/{incident_id}/{name}", timeout=30.0)
        return Response(answer.content, media_type=media_type, headers={"cache-control": "private, max-age=3600"})

    @router.get("/incidents/{incident_id}/photo.jpg", tags=["incidents"], response_class=Response, summary="Annotated")
    async def photo(incident_id: IncidentPath) -> Response:
        return await picture(incident_id, "photo.jpg", "image/jpeg")

    @router.get("/incidents/{incident_id}/frame.jpg", tags=["incidents"], response_class=Response, summary="As scored")
    async def frame(incident_id: IncidentPath) -> Response:
        return await picture(incident_id, "frame.jpg", "image/jpeg")

    @router.get("/incidents/{incident_id}/clip.mp4", tags=["incidents"], response_class=Response, summary="The clip")
    async def clip(incident_id: IncidentPath) -> Response:
        return await picture(incident_id, "clip.mp4", "video/mp4")

    async def order(guest: Guest, incident_id: str, action: str, wanted: str, **body: Any) -> Response:
        try:
            answer = await site.upstream.call(
                "notifier",
                "POST",
                f"/v1/incidents/{incident_id}/{action}",
                token=guest.token,
                json={**guest.signed, **body},
            )
            guest.say(str(answer.json()["message"]))
        except ServiceRefused as error:
            guest.say(f"Not done: {error}")
        return RedirectResponse(local_path(wanted), status_code=303)

    def add_order(action: Literal["acknowledge", "false-alarm", "undo-false-alarm"], summary: str) -> None:
        @router.post(
            f"/incidents/{{incident_id}}/{action}",
            tags=["incidents"],
            summary=summary,
            status_code=303,
            response_class=RedirectResponse,
            operation_id=f"order_{action}",
        )
        async def give(guest: Caller, incident_id: IncidentPath, wanted: Next = "/incidents") -> Response:
            return await order(guest, incident_id, action, wanted)

    add_order("acknowledge", "Somebody is taking care of it")
    add_order("undo-false-alarm", "It was a fire after all; the labeled picture is withdrawn")
    add_order("false-alarm", "It was none; the frame is kept as a labeled picture")

    @router.post(
        "/incidents/{incident_id}/snooze",
        tags=["incidents"],
        summary="No sound from this incident for a while",
        status_code=303,
        response_class=RedirectResponse,
    )
    async def snooze(
        guest: Caller,
        incident_id: IncidentPath,
        minutes: Annotated[int, Form(ge=1, le=1440)] = 10,
        wanted: Next = "/incidents",
    ) -> Response:
        return await order(guest, incident_id, "snooze", wanted, duration_s=60.0 * minutes)
