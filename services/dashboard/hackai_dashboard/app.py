"""The application: gate, headers, limits, errors as pages, and the routes of each page."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.routing import APIRouter
from starlette.exceptions import HTTPException

from hackai_dashboard.context import Site
from hackai_dashboard.feed import TooManyViewers
from hackai_dashboard.gate import CookieDoor
from hackai_dashboard.headers import SecurityHeaders
from hackai_dashboard.origin import own_pages_only
from hackai_dashboard.routes import compression, incidents, live, login, models, people, system
from hackai_dashboard.upstream import ServiceOffline, ServiceRefused
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.problems import Problem, problem_response
from hackai_shared.security.proxies import ForwardedBy
from hackai_shared.security.rate_limit import RateLimit
from hackai_shared.web import create_app

# Forty frames of a login, or twenty photos of an enrolment.
MAX_BODY_BYTES = 25_000_000
# A wall of pages behind one address must pass; a flood must not.
REQUESTS_PER_MINUTE, BURST = 1_500, 400
PAGES = (login, live, incidents, models, compression, system, people)


def create_dashboard_app(site: Site, health: Health, metrics: Metrics) -> FastAPI:
    """Return the application."""
    app = create_app(
        "dashboard",
        "The page on the box.",
        health=health,
        metrics=metrics,
        max_body_bytes=MAX_BODY_BYTES,
        gate=site.gate,
        documents=False,
    )
    app.add_middleware(CookieDoor, gate=site.gate)
    app.add_middleware(RateLimit, per_minute=REQUESTS_PER_MINUTE, burst=BURST)
    app.add_middleware(SecurityHeaders)
    # The last one is the first to see a request: all others go by what a named proxy says of it.
    app.add_middleware(ForwardedBy, proxies=site.trusted_proxies)
    router = APIRouter(dependencies=[Depends(site.hosts), Depends(own_pages_only)])
    for page in PAGES:
        page.add_routes(router, site)
    app.include_router(router)
    _add_errors(app, site)
    return app


def _add_errors(app: FastAPI, site: Site) -> None:
    """Answer errors as pages to those who asked for a page, else as problem documents."""

    def answer(request: Request, status: int, detail: str, **extra: Any) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            page = site.pages.render(request, "error.html", status=status, number=status, detail=detail)
            page.headers.update(extra.get("headers") or {})
            return page
        return problem_response(status, detail, **extra)

    async def on_problem(request: Request, error: Any) -> Response:
        return answer(request, error.status, error.detail, kind=error.kind, headers=error.headers)

    async def on_offline(request: Request, error: Any) -> Response:
        return answer(request, 503, str(error), kind="offline", headers={"Retry-After": "5"})

    async def on_refused(request: Request, error: Any) -> Response:
        wait = error.headers.get("retry-after")
        status = error.status if error.status != 401 else 502
        return answer(request, status, str(error), kind=error.kind, headers={"Retry-After": wait} if wait else None)

    async def on_crowd(request: Request, error: Any) -> Response:
        return answer(request, 429, str(error), kind="too-many-viewers", headers={"Retry-After": "10"})

    async def on_http(request: Request, error: Any) -> Response:
        return answer(request, error.status_code, str(error.detail))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(ServiceOffline, on_offline)
    app.add_exception_handler(ServiceRefused, on_refused)
    app.add_exception_handler(TooManyViewers, on_crowd)
    app.add_exception_handler(HTTPException, on_http)
