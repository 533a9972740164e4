"""The HTTP edge that all services have in common: health, metrics, problem documents, body limit."""

from __future__ import annotations

from typing import Dict, List, Optional

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from hackai_shared import __version__
from hackai_shared.body_limit import BodyLimit
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.problems import PROBLEM_RESPONSES, install_problem_handlers
from hackai_shared.security import GUARDS, Gate, install_gate


class CheckReport(BaseModel):
    """One check of readiness."""

    name: str
    ok: bool
    detail: str
    own: bool = Field(False, description="whether a failure that lasts means that the process has to be restarted")


class HealthReport(BaseModel):
    """Answer of ``/healthz`` and ``/readyz``."""

    service: str
    version: str
    ok: bool
    checks: List[CheckReport]


def create_app(
    service: str,
    description: str,
    *,
    health: Health,
    metrics: Metrics,
    max_body_bytes: int = 1_000_000,
    gate: Optional[Gate] = None,
    documents: bool = True,
) -> FastAPI:
    """Return a FastAPI application with ``/healthz``, ``/readyz``, ``/metrics`` and uniform errors.

    With a ``gate`` every endpoint asks for what :mod:`hackai_shared.security.access` says. Without ``documents`` there
    are no OpenAPI pages: their scripts come from elsewhere, which a page that is open to the network must not allow.
    """
    app = FastAPI(
        dependencies=GUARDS if gate is not None else [],
        title=f"HackAI {service}",
        description=description,
        version=__version__,
        responses=PROBLEM_RESPONSES,
        docs_url="/docs" if documents else None,
        redoc_url=None,
        openapi_url="/openapi.json" if documents else None,
    )
    install_problem_handlers(app)
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes)
    if gate is not None:
        install_gate(app, gate)

    def report(ok: bool, checks: List[CheckReport]) -> Dict[str, object]:
        return HealthReport(service=service, version=__version__, ok=ok, checks=checks).model_dump()

    @app.get("/healthz", response_model=HealthReport, tags=["health"], summary="Is the process alive?")
    async def healthz() -> JSONResponse:
        return JSONResponse(report(True, []))

    @app.get(
        "/readyz",
        response_model=HealthReport,
        tags=["health"],
        summary="Was work done lately?",
        responses={503: {"model": HealthReport, "description": "At least one check fails"}},
    )
    async def readyz() -> JSONResponse:
        checks = [
            CheckReport(name=name, ok=result.ok, detail=result.detail, own=health.is_own(name))
            for name, result in health.results().items()
        ]
        ok = all(check.ok for check in checks)
        return JSONResponse(report(ok, checks), status_code=200 if ok else 503)

    @app.get("/metrics", tags=["health"], summary="Prometheus metrics", response_class=Response)
    async def metrics_page() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app
