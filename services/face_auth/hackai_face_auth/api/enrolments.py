"""Enrolment: by an administrator, or by oneself with a one-time code; more photos of somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, UploadFile

from hackai_face_auth.api.bodies import ClientForm, PersonName, PersonView, PhotoCheck
from hackai_face_auth.api.context import Edge
from hackai_face_auth.api.uploads import read_photos
from hackai_face_auth.errors import CodeInvalid, FaceAuthError
from hackai_face_auth.gallery import Person
from hackai_face_auth.login import actor_of
from hackai_shared.messages import Actor
from hackai_shared.problems import Problem
from hackai_shared.security import Principal, Role, principal_of

Caller = Annotated[Principal, Depends(principal_of)]
Photos = Annotated[list[UploadFile], File(description="JPEG, PNG or WebP photos of this person alone")]


def enrolment_routes(edge: Edge) -> APIRouter:
    """Return the endpoints of enrolment."""
    router = APIRouter(tags=["people"])
    core = edge.core

    async def enrolled(actor: Actor, action: str, work: Callable[[], Person]) -> Person:
        try:
            person = await edge.run(work)
        except FaceAuthError as error:
            edge.metrics.enrolments.labels("refused").inc()
            core.audit.record(actor, action, "refused", detail=str(error))
            raise
        edge.metrics.enrolments.labels("enrolled").inc()
        core.audit.record(actor, action, "allowed", target=person.person_id, detail=f"{person.role.value}")
        return person

    @router.post("/v1/people", status_code=201, summary="Enrol somebody")
    async def enrol(
        name: PersonName, photos: Photos, caller: Caller, role: Annotated[Role, Form()] = Role.VIEWER
    ) -> PersonView:
        pictures = await read_photos(photos, most=core.config.max_photos)
        person = await enrolled(caller.actor(), "enrol", lambda: core.enrolment.enrol(name, pictures, role))
        return PersonView.of(person)

    @router.post("/v1/photos/check", summary="Would this photo do for an enrolment? Nothing is kept")
    async def check_photo(photo: Annotated[UploadFile, File(description="JPEG, PNG or WebP")]) -> PhotoCheck:
        (picture,) = await read_photos([photo], most=1)
        return PhotoCheck(reasons=await edge.run(lambda: core.enrolment.objections_to(picture)))

    @router.post("/v1/enrolments", status_code=201, summary="Enrol oneself with a one-time code")
    async def enrol_with_code(
        name: PersonName, photos: Photos, client: ClientForm, code: Annotated[str, Form(max_length=64)]
    ) -> PersonView:
        actor = actor_of(client)
        wait_s = core.login.lockouts.remaining_s(f"code:{client}")
        if wait_s > 0:
            headers = {"Retry-After": str(int(wait_s) + 1)}
            raise Problem(429, f"too many wrong codes; wait {int(wait_s) + 1} s", kind="locked", headers=headers)
        pictures = await read_photos(photos, most=core.config.max_photos)
        try:
            person = await enrolled(
                actor, "enrol-with-code", lambda: core.enrolment.enrol_with_code(name, pictures, code)
            )
        except CodeInvalid:
            core.login.lockouts.failed(f"code:{client}")
            raise
        return PersonView.of(person)

    @router.post("/v1/people/{person_id}/photos", status_code=201, summary="Add photos; re-enrols after a new model")
    async def add_photos(person_id: str, photos: Photos, caller: Caller) -> PersonView:
        pictures = await read_photos(photos, most=core.config.max_photos)
        person = await enrolled(caller.actor(), "add-photos", lambda: core.enrolment.add_photos(person_id, pictures))
        return PersonView.of(person)

    return router
