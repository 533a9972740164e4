"""The HTTP edge of the notifier."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Body, Depends, FastAPI, Path, Query, Request, Response

from hackai_notifier.delivery import outbox
from hackai_notifier.inbound.orders import Orders
from hackai_notifier.incident import drills, incidents, media
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.people.naming import Naming
from hackai_notifier.storage.database import Database
from hackai_notifier.views import (
    CameraSnoozeRequest,
    DeadLetterView,
    DrillView,
    IncidentView,
    OrderAnswer,
    OrderRequest,
    OutboxView,
    SnoozeRequest,
)
from hackai_shared.health import Health
from hackai_shared.messages import Actor, CameraId, Command
from hackai_shared.metrics import Metrics
from hackai_shared.problems import Problem, problem_response
from hackai_shared.security import Gate, Principal
from hackai_shared.web import create_app

IncidentPath = Annotated[str, Path(max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$")]
Action = Literal["acknowledge", "false_alarm", "undo_false_alarm", "snooze", "unsnooze", "drill"]
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "A JPEG"}}


async def _caller_of(request: Request) -> Principal | None:
    """Return who was let pass by the gate; None in an application without one."""
    return getattr(request.state, "principal", None)


Caller = Annotated[Principal | None, Depends(_caller_of)]


@dataclass(frozen=True)
class _Context:
    database: Database
    orders: Orders
    naming: Naming

    async def view(self, incident: Incident) -> IncidentView:
        def read(connection: sqlite3.Connection) -> list[str]:
            reached = outbox.notified(connection, incident.incident_id)
            return [self.naming.of(connection, recipient) for recipient in reached]

        return IncidentView.of(incident, notified=await self.database.run(read))

    async def find(self, incident_id: str) -> Incident:
        incident = await self.database.run(lambda connection: incidents.load(connection, incident_id))
        if incident is None:
            raise Problem(404, f"there is no incident {incident_id}", kind="unknown-incident")
        return incident

    async def order(
        self,
        action: Action,
        request: OrderRequest,
        caller: Principal | None,
        *,
        incident_id: str | None = None,
        camera_id: str | None = None,
        duration_s: float | None = None,
    ) -> OrderAnswer:
        by = request.by.strip()
        # A person is named by the session; a service says for whom it speaks.
        actor = caller.actor() if caller is not None else Actor(channel="rest", id="rest", name=by)
        if caller is not None and caller.kind == "service" and by:
            actor = actor.model_copy(update={"name": by})
        command = Command(
            action=action, actor=actor, incident_id=incident_id, camera_id=camera_id, duration_s=duration_s
        )
        result = await self.orders.submit(command)
        if result.outcome == "unknown":
            raise Problem(404, result.message, kind="unknown-incident")
        view = await self.view(result.incident) if result.incident else None
        return OrderAnswer(outcome=result.outcome, message=result.message, incident=view)


def create_notifier_app(
    health: Health,
    metrics: Metrics,
    database: Database,
    orders: Orders,
    naming: Naming,
    *,
    gate: Gate | None = None,
) -> FastAPI:
    """Return the application: incidents with their pictures, orders, the outbox."""
    app = create_app(
        "notifier",
        "Incidents, their pictures, what people did about them, and the outbox.",
        health=health,
        metrics=metrics,
        gate=gate,
    )
    context = _Context(database, orders, naming)

    @app.exception_handler(sqlite3.OperationalError)
    async def on_database(_request: Request, error: sqlite3.OperationalError) -> Response:
        return problem_response(503, f"the database cannot be used: {error}", kind="database")

    _add_incidents(app, context)
    _add_orders(app, context)
    _add_drills(app, context)

    @app.get("/v1/outbox", tags=["outbox"], summary="What waits, what was given up")
    async def show_outbox(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> OutboxView:
        summary = await database.run(outbox.summary)
        letters = await database.run(lambda connection: outbox.dead_letters(connection, limit))
        return OutboxView(
            waiting=summary.waiting,
            delivered=summary.delivered,
            dead=summary.dead,
            oldest_text_at=summary.oldest_text_at,
            dead_letters=[DeadLetterView.of(letter) for letter in letters],
        )

    return app


def _add_incidents(app: FastAPI, context: _Context) -> None:
    @app.get("/v1/incidents", tags=["incidents"], summary="The last incidents, newest first")
    async def list_incidents(
        limit: Annotated[int, Query(ge=1, le=500)] = 50, camera_id: CameraId | None = None
    ) -> list[IncidentView]:
        found = await context.database.run(
            lambda connection: incidents.newest(connection, limit=limit, camera_id=camera_id)
        )
        return [await context.view(incident) for incident in found]

    @app.get("/v1/incidents/{incident_id}", tags=["incidents"], summary="One incident")
    async def show_incident(incident_id: IncidentPath) -> IncidentView:
        return await context.view(await context.find(incident_id))

    async def picture(incident_id: str, kind: str) -> Response:
        await context.find(incident_id)
        jpeg = await context.database.run(lambda connection: media.load(connection, incident_id, kind))
        if jpeg is None:
            raise Problem(404, "there is no such picture of this incident (any more)", kind="no-picture")
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    @app.get(
        "/v1/incidents/{incident_id}/photo.jpg",
        tags=["incidents"],
        summary="The annotated picture",
        response_class=Response,
        responses=_JPEG,
    )
    async def photo(incident_id: IncidentPath) -> Response:
        return await picture(incident_id, "photo")

    @app.get(
        "/v1/incidents/{incident_id}/frame.jpg",
        tags=["incidents"],
        summary="The picture as it was scored",
        response_class=Response,
        responses=_JPEG,
    )
    async def frame(incident_id: IncidentPath) -> Response:
        return await picture(incident_id, "frame")

    @app.get(
        "/v1/incidents/{incident_id}/clip.mp4",
        tags=["incidents"],
        summary="The seconds around the confirmation; 404 until they were recorded, and once they were pruned",
        response_class=Response,
        responses={200: {"content": {"video/mp4": {}}, "description": "An MP4 (H.264)"}},
    )
    async def clip(incident_id: IncidentPath) -> Response:
        await context.find(incident_id)
        mp4 = await context.database.run(lambda connection: media.load(connection, incident_id, "clip"))
        if mp4 is None:
            raise Problem(404, "there is no clip of this incident (any more)", kind="no-clip")
        return Response(mp4, media_type="video/mp4", headers={"cache-control": "private, max-age=3600"})


def _add_orders(app: FastAPI, context: _Context) -> None:
    @app.post("/v1/incidents/{incident_id}/acknowledge", tags=["orders"], summary="Somebody is taking care of it")
    async def acknowledge(
        incident_id: IncidentPath, caller: Caller, request: Annotated[OrderRequest | None, Body()] = None
    ) -> OrderAnswer:
        return await context.order("acknowledge", request or OrderRequest(by=""), caller, incident_id=incident_id)

    @app.post(
        "/v1/incidents/{incident_id}/false-alarm",
        tags=["orders"],
        summary="It was none; the frame is kept as a labelled picture",
    )
    async def false_alarm(
        incident_id: IncidentPath, caller: Caller, request: Annotated[OrderRequest | None, Body()] = None
    ) -> OrderAnswer:
        return await context.order("false_alarm", request or OrderRequest(by=""), caller, incident_id=incident_id)

    @app.post(
        "/v1/incidents/{incident_id}/undo-false-alarm",
        tags=["orders"],
        summary="It was a fire after all; the labelled picture is withdrawn",
    )
    async def undo_false_alarm(
        incident_id: IncidentPath, caller: Caller, request: Annotated[OrderRequest | None, Body()] = None
    ) -> OrderAnswer:
        return await context.order("undo_false_alarm", request or OrderRequest(by=""), caller, incident_id=incident_id)

    @app.post(
        "/v1/incidents/{incident_id}/snooze",
        tags=["orders"],
        summary="No sound from this incident; a new fire, a second place, a worse or growing one still rings",
    )
    async def snooze(
        incident_id: IncidentPath, caller: Caller, request: Annotated[SnoozeRequest | None, Body()] = None
    ) -> OrderAnswer:
        duration = request.duration_s if request else None
        return await context.order(
            "snooze", request or OrderRequest(by=""), caller, incident_id=incident_id, duration_s=duration
        )

    @app.post(
        "/v1/snooze", tags=["orders"], summary="No sound from what is open at a camera, or at all; a new fire rings"
    )
    async def snooze_camera(request: CameraSnoozeRequest, caller: Caller) -> OrderAnswer:
        return await context.order(
            "snooze", request, caller, camera_id=request.camera_id, duration_s=request.duration_s
        )

    @app.post("/v1/unsnooze", tags=["orders"], summary="Let a camera ring again, or all")
    async def unsnooze_camera(request: CameraSnoozeRequest, caller: Caller) -> OrderAnswer:
        return await context.order("unsnooze", request, caller, camera_id=request.camera_id)


def _add_drills(app: FastAPI, context: _Context) -> None:
    @app.post("/v1/drills", tags=["drills"], summary="Show a test fire now, and alert everyone that it is a drill")
    async def start_drill(caller: Caller, request: Annotated[OrderRequest | None, Body()] = None) -> OrderAnswer:
        return await context.order("drill", request or OrderRequest(by=""), caller)

    @app.get("/v1/drills", tags=["drills"], summary="The last drills with the seconds of each stage, newest first")
    async def list_drills(limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[DrillView]:
        found = await context.database.run(lambda connection: drills.newest(connection, limit))
        return [DrillView.of(drill) for drill in found]
