"""Challenges, logins, sessions, the public key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, UploadFile

from hackai_face_auth.api.bodies import (
    ChallengeRequest,
    ChallengeView,
    ClientForm,
    DeviceSecret,
    LoginView,
    SessionView,
    StepView,
    VerificationView,
)
from hackai_face_auth.api.context import Edge
from hackai_face_auth.api.uploads import decode_frames, read_photos
from hackai_face_auth.keys import jwks_document
from hackai_face_auth.login import LoginAttempt, LoginResult
from hackai_shared.problems import Problem
from hackai_shared.security import Principal, principal_of

# Refusals that say nothing about who somebody is, only that the pictures or the order of things were wrong.
_STATUS = {"no-face": 422, "several-faces": 422}
Caller = Annotated[Principal, Depends(principal_of)]
Frames = Annotated[list[UploadFile], File(description="pictures (JPEG, PNG, WebP) in order of time; or one MP4")]


@dataclass(frozen=True)
class LoginForm:
    """The answer to a challenge, as it is sent."""

    frames: list[UploadFile]
    client: str
    challenge_id: str
    device_secret: str
    seconds: float | None
    mirrored: bool
    person_id: str | None


async def login_form(
    frames: Frames,
    client: ClientForm,
    challenge_id: Annotated[str, Form(max_length=64)],
    device_secret: DeviceSecret = "",
    seconds: Annotated[float | None, Form(gt=0, le=120, description="how long the pictures took")] = None,
    mirrored: Annotated[bool, Form(description="the frames are mirrored, as of some front cameras")] = False,
    person_id: Annotated[str | None, Form(max_length=64, description="who the person claims to be (1:1)")] = None,
) -> LoginForm:
    """FastAPI dependency: the form of a login."""
    return LoginForm(frames, client, challenge_id, device_secret, seconds, mirrored, person_id)


def session_routes(edge: Edge) -> APIRouter:
    """Return the endpoints around logging in and out."""
    router = APIRouter(tags=["sessions"])
    core = edge.core

    @router.get("/.well-known/jwks.json", summary="Public keys of session tokens")
    async def jwks() -> dict[str, list[dict[str, str]]]:
        return jwks_document(core.key)

    @router.post("/v1/challenges", status_code=201, summary="Ask for a random challenge; for devices that are known")
    async def challenge(body: ChallengeRequest) -> ChallengeView:
        made = await edge.run(lambda: core.login.begin(body.client, body.device_secret))
        return ChallengeView(
            challenge_id=made.challenge_id,
            steps=[StepView(movement=step.movement, pace=step.pace) for step in made.steps],
            expires_in_s=core.config.liveness.challenge_seconds,
        )

    async def attempt(answer: LoginForm, *, issue: bool) -> LoginResult:
        photos = await read_photos(answer.frames, most=core.config.max_frames)

        def work() -> LoginResult:
            with edge.metrics.login_seconds.time():
                frames = decode_frames(
                    photos, max_pixels=core.config.max_pixels, most=core.config.max_frames, seconds=answer.seconds
                )
                return core.login.attempt(
                    LoginAttempt(
                        answer.client, frames, answer.challenge_id, answer.device_secret, answer.mirrored,
                        answer.person_id,
                    ),
                    issue=issue,
                )  # fmt: skip

        result = await edge.run(work)
        edge.metrics.logins.labels(result.refusal or ("session" if issue else "verified")).inc()
        return result

    @router.post("/v1/sessions", status_code=201, summary="Log in with the frames of a challenge")
    async def login(answer: Annotated[LoginForm, Depends(login_form)]) -> LoginView:
        result = await attempt(answer, issue=True)
        if result.claims is None:
            raise _refusal(result)
        claims = result.claims
        return LoginView(
            token=result.token,
            person_id=claims.sub,
            name=claims.name,
            role=claims.role,
            jti=claims.jti,
            expires_at=claims.exp,
            auth_time=claims.auth_time,
            live=claims.live,
            score=result.score,
        )

    @router.post("/v1/verify", summary="Is it this person, alive? Makes no session")
    async def verify(answer: Annotated[LoginForm, Depends(login_form)]) -> VerificationView:
        if answer.person_id is None:
            raise Problem(422, "person_id says whom to verify", kind="person-id")
        result = await attempt(answer, issue=False)
        reason = f"{result.refusal}: {result.detail}" if result.refusal else "verified"
        return VerificationView(verified=not result.refusal, reason=reason, score=result.score)

    @router.get("/v1/sessions", summary="Sessions that hold now")
    async def active() -> list[SessionView]:
        return [SessionView.of(session) for session in await edge.run(core.sessions.active)]

    @router.delete("/v1/sessions/{jti}", status_code=204, summary="End a session (log out)")
    async def end(jti: str, caller: Caller) -> None:
        ended = await edge.revoke(jti=jti)
        if not ended:
            raise Problem(404, "no such session holds", kind="session-unknown")
        core.audit.record(caller.actor(), "logout", "allowed", target=ended[0].person_id, detail=f"session {jti}")

    return router


def _refusal(result: LoginResult) -> Problem:
    status = 409 if result.refusal.startswith("challenge-") else _STATUS.get(result.refusal, 403)
    return Problem(status, result.detail, kind=f"login-{result.refusal}")
