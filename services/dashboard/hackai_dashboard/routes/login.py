"""Logging in and out: by a code that somebody vouches with, which pairs the browser; then by face."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any

import httpx
import structlog
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field, SecretStr

from hackai_dashboard.codes import LIFE_S
from hackai_dashboard.context import Caller, Site
from hackai_dashboard.device import PairedDevice, device_cookie, device_of
from hackai_dashboard.gate import SESSION, session_cookie
from hackai_dashboard.sessions import Visitor
from hackai_dashboard.upstream import SLOW_TIMEOUT_S, ServiceOffline, ServiceRefused
from hackai_shared.problems import Problem
from hackai_shared.security import Role, TokenInvalid
from hackai_shared.security.tokens import SessionClaims

log = structlog.get_logger(__name__)

# Whoever is vouched for without a session of their own (a chat that the configuration names) stays this long.
CODE_SESSION_S = 3_600.0
MAX_FRAMES = 96
MAX_KNOWN_DEVICES = 1_000


class Voucher(BaseModel):
    """Whom a code is for: the session token of a person, or a name and role that the caller answers for."""

    token: SecretStr | None = None
    subject: str = Field("", max_length=64, description="who it is, such as telegram:42; not needed with a token")
    name: str = Field("", max_length=80)
    role: Role = Role.VIEWER


class IssuedCode(BaseModel):
    """A code that opens one session, once."""

    code: str
    expires_in_s: float


class Step(BaseModel):
    """One movement, and how fast."""

    movement: str
    pace: str


class Challenge(BaseModel):
    """What to do in front of the camera, in this order, between straight looks."""

    challenge_id: str
    steps: list[Step]
    expires_in_s: float


def add_routes(router: APIRouter, site: Site) -> None:
    """Add the routes of this page."""

    @router.get("/login", tags=["login"], response_class=HTMLResponse, summary="The way in")
    async def login_page(request: Request, wanted: Annotated[str, Query(alias="next")] = "/") -> Response:
        if SESSION in request.scope:
            return RedirectResponse(local_path(wanted), status_code=303)
        return _login_page(site, request, wanted)

    @router.post("/login/challenge", tags=["login"], summary="Ask what to do in front of the camera")
    async def challenge(request: Request) -> Challenge:
        device = _paired(site, request)
        body = {"client": device.client, "device_secret": device.secret}
        made = await _of_device(site, device, "/v1/challenges", json=body)
        return Challenge.model_validate(made.json())

    @router.post("/login/face", tags=["login"], status_code=204, summary="Log in with the frames of the challenge")
    async def by_face(
        request: Request,
        challenge_id: Annotated[str, Form(max_length=64)],
        frames: Annotated[list[UploadFile], File(description="JPEGs in order of time")],
        seconds: Annotated[float, Form(gt=0, le=120, description="how long they took")],
    ) -> Response:
        device = _paired(site, request)
        if not 1 <= len(frames) <= MAX_FRAMES:
            raise Problem(422, f"{len(frames)} frames were sent, 1 to {MAX_FRAMES} are taken", kind="frames")
        files = [("frames", (f"{n}.jpg", await frame.read(), "image/jpeg")) for n, frame in enumerate(frames)]
        data = {
            "client": device.client,
            "device_secret": device.secret,
            "challenge_id": challenge_id,
            "seconds": str(seconds),
        }
        answer = await _of_device(site, device, "/v1/sessions", data=data, files=files, timeout=SLOW_TIMEOUT_S)
        made = answer.json()
        visitor = Visitor(
            subject=made["person_id"],
            name=made["name"],
            role=Role(made["role"]),
            jti=made["jti"],
            expires_at=float(made["expires_at"]),
            authenticated_at=float(made["auth_time"]),
            token=SecretStr(made["token"]),
            own_session=True,
        )
        return _let_in(site, request, visitor, Response(status_code=204))

    @router.post("/login/code", tags=["login"], response_class=HTMLResponse, summary="Log in with a one-time code")
    async def by_code(
        request: Request,
        code: Annotated[str, Form(max_length=40)],
        wanted: Annotated[str, Form(alias="next", max_length=2_000)] = "/",
        pair: Annotated[bool, Form(description="this browser may log in with a face from now on")] = False,
    ) -> Response:
        _limit(site, _address(request))
        visitor = site.codes.redeem(code)
        if visitor is None:
            wrong = "This code is wrong, was used, or is older than two minutes. Ask for a new one."
            return _login_page(site, request, wanted, trouble=wrong)
        answer = _let_in(site, request, visitor, RedirectResponse(local_path(wanted), status_code=303))
        if pair and site.upstream.knows("face_auth"):
            await _pair(site, request, visitor, answer)
        return answer

    @router.post("/v1/login-codes", tags=["login"], status_code=201, summary="Vouch for a browser")
    async def issue_code(voucher: Voucher) -> IssuedCode:
        return IssuedCode(code=site.codes.issue(await _vouched(site, voucher)), expires_in_s=LIFE_S)

    @router.post("/logout", tags=["login"], summary="Log out", response_class=RedirectResponse, status_code=303)
    async def logout(request: Request, guest: Caller) -> Response:
        if guest.session is not None:
            site.sessions.close(guest.session)
            await _end_face_session(site, guest.visitor)
        answer = RedirectResponse("/login", status_code=303)
        answer.headers.append("set-cookie", session_cookie(request.scope, "", max_age_s=0))
        return answer


def local_path(wanted: str) -> str:
    """Return where to go after the login: a path of this site, whatever was asked for."""
    if not wanted.startswith("/") or wanted[1:2] in ("/", "\\") or any(ord(sign) < 32 for sign in wanted):
        return "/"
    return wanted


def _login_page(site: Site, request: Request, wanted: str, *, trouble: str = "") -> Response:
    return site.pages.render(
        request,
        "login.html",
        status=403 if trouble else 200,
        wanted=local_path(wanted),
        faces=site.upstream.knows("face_auth"),
        paired=device_of(request) is not None,
        trouble=trouble,
    )


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def _limit(site: Site, source: str) -> None:
    wait_s = site.login_limit.take(source)
    if wait_s > 0:
        wait = str(int(wait_s) + 1)
        raise Problem(429, f"too many attempts; wait {wait} s", kind="rate-limited", headers={"Retry-After": wait})


def _paired(site: Site, request: Request) -> PairedDevice:
    """Return the browser's device, at the pace that its source may ask.

    A device that the face service knew before has a pace of its own: others at the same address cannot use it up.

    Raises:
        Problem: 403 for a browser that was not paired, 429.
    """
    device = device_of(request)
    if device is None:
        raise Problem(403, "this browser is not paired: log in once with a code", kind="not-paired")
    _limit(site, device.client if device in site.known_devices else _address(request))
    return device


async def _of_device(site: Site, device: PairedDevice, path: str, **options: Any) -> httpx.Response:
    try:
        answer = await site.upstream.call("face_auth", "POST", path, **options)
    except ServiceRefused as error:
        if error.kind == "device-unknown":
            site.known_devices.discard(device)
            raise Problem(403, "this browser is no longer paired: log in with a code", kind="not-paired") from error
        raise
    if len(site.known_devices) < MAX_KNOWN_DEVICES:
        site.known_devices.add(device)
    return answer


async def _pair(site: Site, request: Request, visitor: Visitor, answer: Response) -> None:
    """Let the face service know the browser, and the browser its secret."""
    label = "".join(sign for sign in request.headers.get("user-agent", "") if sign.isprintable())[:100]
    person = visitor.subject if visitor.token is not None else ""
    body = {"vouched_by": visitor.subject, "person_id": person, "label": label}
    try:
        made = (await site.upstream.call("face_auth", "POST", "/v1/devices/browsers", json=body)).json()
    except (ServiceOffline, ServiceRefused) as error:
        log.warning("a browser could not be paired", error=str(error))
        return
    age = max(0, int(made["expires_at"] - time.time()))
    cookie = device_cookie(request.scope, made["client"], made["secret"], max_age_s=age)
    answer.headers.append("set-cookie", cookie)


def _let_in(site: Site, request: Request, visitor: Visitor, answer: Response) -> Response:
    before = request.scope.get(SESSION)
    if before is not None:
        site.sessions.close(before)
    number, _ = site.sessions.open(visitor)
    age = max(0, int(visitor.expires_at - time.time()))
    answer.headers.append("set-cookie", session_cookie(request.scope, number, max_age_s=age))
    return answer


async def _vouched(site: Site, voucher: Voucher) -> Visitor:
    now = time.time()
    if voucher.token is None:
        if not voucher.subject or not voucher.name:
            raise Problem(422, "send a token, or subject and name", kind="voucher")
        return Visitor(
            subject=voucher.subject,
            name=voucher.name,
            role=voucher.role,
            jti=f"code-{secrets.token_hex(12)}",
            expires_at=now + CODE_SESSION_S,
            authenticated_at=now,
        )
    try:
        # Who it is and what they may is in the signed token, not in what the caller says beside it.
        claims: SessionClaims = await site.gate.claims_of(voucher.token.get_secret_value())
    except TokenInvalid as error:
        raise Problem(422, f"the token does not hold: {error}", kind="voucher") from error
    return Visitor(
        subject=claims.sub,
        name=claims.name,
        role=claims.role,
        jti=claims.jti,
        expires_at=float(claims.exp),
        authenticated_at=float(claims.auth_time),
        token=voucher.token,
    )


async def _end_face_session(site: Site, visitor: Visitor) -> None:
    """End the session at the face service too, unless it is the one of a chat that only vouched."""
    if visitor.token is None or not visitor.own_session:
        return
    try:
        await site.upstream.call("face_auth", "DELETE", f"/v1/sessions/{visitor.jti}", token=visitor.token)
    except (ServiceOffline, ServiceRefused):
        # The browser is logged out here; the token that nobody holds any more ends by itself.
        return
