"""People: list, roles, export, deletion."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hackai_face_auth.api.bodies import (
    Ended,
    ExportedPhoto,
    PersonDetails,
    PersonExport,
    PersonView,
    PhotoView,
    RoleChange,
    SessionView,
)
from hackai_face_auth.api.context import Edge
from hackai_face_auth.gallery import Person, Template
from hackai_shared.security import Principal, principal_of

Caller = Annotated[Principal, Depends(principal_of)]


def people_routes(edge: Edge) -> APIRouter:
    """Return the endpoints around people."""
    router = APIRouter(tags=["people"])
    core = edge.core

    @router.get("/v1/people", summary="Everybody who is enrolled")
    async def people() -> list[PersonView]:
        return [PersonView.of(person) for person in await edge.run(core.store.people)]

    def details(person_id: str) -> tuple[Person, list[Template], list[SessionView]]:
        person = core.store.person(person_id)
        sessions = [SessionView.of(session) for session in core.sessions.active(person_id)]
        return person, core.store.templates(person_id=person_id), sessions

    @router.get("/v1/people/{person_id}", summary="One person")
    async def person(person_id: str) -> PersonDetails:
        found, templates, sessions = await edge.run(lambda: details(person_id))
        photos = [PhotoView(**_photo(template)) for template in templates]
        return PersonDetails(**PersonView.of(found).model_dump(), templates=photos, sessions=sessions)

    @router.get("/v1/people/{person_id}/export", summary="Everything that is known of one person")
    async def export(person_id: str, caller: Caller) -> PersonExport:
        found, templates, sessions = await edge.run(lambda: details(person_id))
        core.audit.record(caller.actor(), "export", "allowed", target=person_id)
        photos = [ExportedPhoto(**_photo(template), embedding=template.embedding.tolist()) for template in templates]
        return PersonExport(**PersonView.of(found).model_dump(), templates=photos, sessions=sessions)

    @router.patch("/v1/people/{person_id}", summary="Change somebody's role; ends the person's sessions")
    async def change(person_id: str, body: RoleChange, caller: Caller) -> PersonView:
        changed = await edge.run(lambda: core.store.set_role(person_id, body.role))
        await edge.revoke(person_id=person_id)  # their tokens carry the old role
        core.audit.record(caller.actor(), "change-role", "allowed", target=person_id, detail=body.role.value)
        return PersonView.of(changed)

    @router.delete("/v1/people/{person_id}", status_code=204, summary="Delete somebody for good")
    async def delete(person_id: str, caller: Caller) -> None:
        # First the sessions: whatever fails afterwards, nobody stays in by a token.
        await edge.run(lambda: core.store.check_deletable(person_id))
        await edge.revoke(person_id=person_id)
        await edge.run(lambda: core.store.delete_person(person_id))
        core.audit.record(caller.actor(), "delete-person", "allowed", target=person_id)

    @router.delete("/v1/people/{person_id}/photos/{photo_id}", status_code=204, summary="Delete one photo's template")
    async def delete_photo(person_id: str, photo_id: str, caller: Caller) -> None:
        await edge.run(lambda: core.store.delete_template(person_id, photo_id))
        core.audit.record(caller.actor(), "delete-photo", "allowed", target=person_id, detail=photo_id)

    @router.delete("/v1/people/{person_id}/sessions", summary="End all sessions of somebody")
    async def end_all(person_id: str, caller: Caller) -> Ended:
        await edge.run(lambda: core.store.person(person_id))
        ended = await edge.revoke(person_id=person_id)
        core.audit.record(caller.actor(), "revoke", "allowed", target=person_id, detail=f"{len(ended)} sessions")
        return Ended(ended=len(ended))

    return router


def _photo(template: Template) -> dict[str, object]:
    return {
        "photo_id": template.template_id,
        "model_id": template.model_id,
        "quality": template.quality,
        "created_at": template.created_at,
    }
