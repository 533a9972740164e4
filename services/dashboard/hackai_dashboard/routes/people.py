"""People: who is known, what they may, enrolment in front of a camera, and the audit trail. For administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from redis.exceptions import RedisError

from hackai_dashboard.context import Caller, Guest, Part, Site
from hackai_dashboard.upstream import SLOW_TIMEOUT_S, ServiceRefused
from hackai_shared.bus import names
from hackai_shared.messages import AuditRecord
from hackai_shared.security import Role

PersonPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
DEVICE = r"^[a-z]{1,16}:[A-Za-z0-9._:@-]{1,100}$"
AUDIT_SHOWN = 60
MAX_PHOTOS = 8


def add_routes(router: APIRouter, site: Site) -> None:
    """Add the routes of this page."""

    @router.get("/people", tags=["people"], response_class=HTMLResponse, summary="Who is known, and who did what")
    async def people_page(request: Request, guest: Caller) -> Response:
        # Only somebody whose face was seen may change who is let in: a code from the box is not enough.
        people = await site.ask("face_auth", "/v1/people", token=guest.token) if guest.token is not None else Part()
        return site.pages.render(
            request,
            "people.html",
            people=people,
            devices=await site.ask("face_auth", "/v1/devices", token=guest.token)
            if guest.token is not None
            else Part(),
            by_face=guest.token is not None,
            faces=site.upstream.knows("face_auth"),
            own=guest.visitor.subject,
            names={person["person_id"]: person["name"] for person in people.data or []},
            roles=[role.value for role in Role],
            audit=await _audit(site),
        )

    @router.post("/people/check", tags=["people"], summary="Would this photo do? Nothing is kept")
    async def check(guest: Caller, photo: Annotated[UploadFile, File()]) -> dict[str, Any]:
        files = {"photo": ("photo.jpg", await photo.read(), "image/jpeg")}
        answer = await site.upstream.call(
            "face_auth", "POST", "/v1/photos/check", token=guest.token, files=files, timeout=SLOW_TIMEOUT_S
        )
        return {"reasons": [str(reason) for reason in answer.json()["reasons"]]}

    @router.post("/people", tags=["people"], status_code=303, summary="Enrol somebody")
    async def enrol(
        guest: Caller,
        name: Annotated[str, Form(min_length=1, max_length=64)],
        photos: Annotated[list[UploadFile], File(max_length=MAX_PHOTOS)],
        role: Annotated[Role, Form()] = Role.VIEWER,
    ) -> Response:
        files = [("photos", (f"{n}.jpg", await photo.read(), "image/jpeg")) for n, photo in enumerate(photos, start=1)]
        data = {"name": name, "role": role.value}
        return await act(
            guest, "POST", "/v1/people", f"{name} is enrolled as {role.value}.", data=data, files=files,
            timeout=SLOW_TIMEOUT_S,
        )  # fmt: skip

    async def act(guest: Guest, method: str, path: str, done: str, **options: Any) -> Response:
        try:
            await site.upstream.call("face_auth", method, path, token=guest.token, **options)
            guest.say(done)
        except ServiceRefused as error:
            guest.say(f"Not done: {error}")
        return RedirectResponse("/people", status_code=303)

    @router.post("/people/{person_id}/role", tags=["people"], status_code=303, summary="Change a role")
    async def change_role(guest: Caller, person_id: PersonPath, role: Annotated[Role, Form()]) -> Response:
        done = f"The role is {role.value} now; the person has to log in again."
        return await act(guest, "PATCH", f"/v1/people/{person_id}", done, json={"role": role.value})

    @router.post("/people/{person_id}/revoke", tags=["people"], status_code=303, summary="End all sessions")
    async def revoke(guest: Caller, person_id: PersonPath) -> Response:
        return await act(guest, "DELETE", f"/v1/people/{person_id}/sessions", "All sessions of this person have ended.")

    @router.post("/people/devices/forget", tags=["people"], status_code=303, summary="Forget a chat or browser")
    async def forget(guest: Caller, client: Annotated[str, Form(pattern=DEVICE)]) -> Response:
        return await act(guest, "DELETE", f"/v1/devices/{client}", "Forgotten; its sessions have ended.")

    @router.post("/people/{person_id}/delete", tags=["people"], status_code=303, summary="Delete for good")
    async def delete(guest: Caller, person_id: PersonPath) -> Response:
        return await act(guest, "DELETE", f"/v1/people/{person_id}", "Deleted, with everything that was known.")


async def _audit(site: Site) -> Part:
    try:
        entries = await site.bus.client.xrevrange(names.AUDIT, count=AUDIT_SHOWN)
    except (RedisError, OSError) as error:
        return Part([], f"redis does not answer: {type(error).__name__}")
    records = []
    for _, fields in entries:
        try:
            records.append(AuditRecord.model_validate_json(fields.get(b"message", b"")))
        except ValidationError:
            continue  # of a newer version; the others are worth showing
    return Part(records)
