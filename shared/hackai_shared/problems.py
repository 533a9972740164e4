"""Errors at the HTTP edge: ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Dict, Optional

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class ProblemDetails(BaseModel):
    """The body of every error answer."""

    type: str = Field("about:blank", description="URI that names the kind of problem")
    title: str
    status: int
    detail: str = Field("", description="what went wrong and the way out")


class Problem(Exception):
    """Raise in an HTTP handler to answer with a problem document."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: Optional[str] = None,
        headers: Optional[Dict[str, str]] = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.headers = headers
        self.extra = extra


def problem_response(
    status: int, detail: str, *, kind: Optional[str] = None, headers: Optional[Dict[str, str]] = None, **extra: Any
) -> JSONResponse:
    """Return a problem document; ``kind`` becomes ``urn:hackai:problem:<kind>``."""
    body = {
        "type": f"urn:hackai:problem:{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **extra,
    }
    return JSONResponse(jsonable_encoder(body), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Let every error of ``app`` leave as a problem document."""

    async def on_problem(_request: Request, error: Any) -> JSONResponse:
        return problem_response(error.status, error.detail, kind=error.kind, headers=error.headers, **error.extra)

    async def on_http(_request: Request, error: Any) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        return problem_response(error.status_code, str(error.detail), headers=headers)

    async def on_validation(_request: Request, error: Any) -> JSONResponse:
        problems = [
            {"where": ".".join(str(part) for part in item["loc"]), "message": item["msg"]} for item in error.errors()
        ]
        detail = "; ".join(f"{item['where']}: {item['message']}" for item in problems)
        return problem_response(422, detail, kind="validation", errors=problems)

    async def on_crash(request: Request, error: Exception) -> JSONResponse:
        log.error("unhandled error", path=request.url.path, exc_info=error)
        return problem_response(500, "the service failed; its log says why")

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(StarletteHTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_crash)


PROBLEM_RESPONSES: Dict[Any, Dict[str, Any]] = {
    "4XX": {
        "description": "The request cannot be served",
        "content": {MEDIA_TYPE: {"schema": ProblemDetails.model_json_schema()}},
    }
}
