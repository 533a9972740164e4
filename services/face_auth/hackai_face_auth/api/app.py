"""The application: gate, limits, errors as problem documents."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from hackai_face_auth.api.context import Edge
from hackai_face_auth.api.devices import device_routes
from hackai_face_auth.api.enrolments import enrolment_routes
from hackai_face_auth.api.people import people_routes
from hackai_face_auth.api.sessions import session_routes
from hackai_face_auth.errors import (
    CodeInvalid,
    DeviceUnknown,
    FaceAuthError,
    GalleryError,
    LastAdministrator,
    NameInvalid,
    PersonExists,
    PersonUnknown,
    PhotoRefused,
    Throttled,
)
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.problems import problem_response
from hackai_shared.security import Gate
from hackai_shared.security.rate_limit import RateLimit
from hackai_shared.web import create_app

# The first that fits names status and kind.
_PROBLEMS: tuple[tuple[type[FaceAuthError], int, str], ...] = (
    (PersonUnknown, 404, "person-unknown"),
    (PersonExists, 409, "person-exists"),
    (LastAdministrator, 409, "last-administrator"),
    (NameInvalid, 422, "name"),
    (PhotoRefused, 422, "photo-refused"),
    (CodeInvalid, 403, "code"),
    (DeviceUnknown, 403, "device-unknown"),
    (Throttled, 429, "locked"),
    (GalleryError, 503, "gallery"),
)


def create_face_app(edge: Edge, gate: Gate, health: Health, metrics: Metrics) -> FastAPI:
    """Return the HTTP edge of the face service."""
    config = edge.core.config
    app = create_app(
        "face_auth",
        "Enrolment, liveness, recognition and signed sessions",
        health=health,
        metrics=metrics,
        max_body_bytes=config.max_body_bytes,
        gate=gate,
    )
    # Outermost: a flood is turned away before its bodies are counted.
    app.add_middleware(RateLimit, per_minute=config.requests_per_minute, burst=max(10, config.requests_per_minute // 4))
    app.include_router(session_routes(edge))
    app.include_router(enrolment_routes(edge))
    app.include_router(device_routes(edge))
    app.include_router(people_routes(edge))

    async def on_domain_error(_request: Request, error: Exception) -> JSONResponse:
        for kind, status, name in _PROBLEMS:
            if isinstance(error, kind):
                extra: dict[str, Any] = {"reasons": error.reasons} if isinstance(error, PhotoRefused) else {}
                if isinstance(error, Throttled):
                    extra["headers"] = {"Retry-After": str(int(error.seconds) + 1)}
                return problem_response(status, str(error), kind=name, **extra)
        return problem_response(500, str(error), kind="face-auth")

    app.add_exception_handler(FaceAuthError, on_domain_error)
    return app
