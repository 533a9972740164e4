"""Enrolment: by an administrator, or by oneself with a one-time code; more photos of somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, UploadFile

from hackai_face_auth.api.bodies import ClientForm, PersonName, PersonView, PhotoCheck
from hackai_face_auth.api.context import Edge
from hackai_face_auth.api.throttle import throttled_code
from hackai_face_auth.api.uploads import read_photos
from hackai_face_auth.errors import CodeInvalid, FaceAuthError
from hackai_face_auth.gallery import Person
from hackai_face_auth.login import actor_of
from hackai_shared.messages import Actor
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
        except CodeInvalid:
            edge.metrics.enrolments.labels("refused").inc()
            raise  # audited where it is counted
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
        pictures = await read_photos(photos, most=core.config.max_photos)

        def work() -> Person:
            person = core.enrolment.enrol_with_code(name, pictures, code)
            if client.startswith("telegram:"):
                # Whoever had the code was invited with it, and the chat it came from is this person's.
                core.devices.admit_chat(client, vouched_by="invitation", person_id=person.person_id)
            return person

        with throttled_code(edge, client, "enrol-with-code"):
            person = await enrolled(actor_of(client), "enrol-with-code", work)
        return PersonView.of(person)

    @router.post("/v1/people/{person_id}/photos", status_code=201, summary="Add photos; re-enrols after a new model")
    async def add_photos(person_id: str, photos: Photos, caller: Caller) -> PersonView:
        pictures = await read_photos(photos, most=core.config.max_photos)
        person = await enrolled(caller.actor(), "add-photos", lambda: core.enrolment.add_photos(person_id, pictures))
        return PersonView.of(person)

    return router
