"""The face service over HTTP: challenges, logins, enrolment, people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from pydantic import BaseModel

LOGIN_TIMEOUT_S = 60.0


class FaceServiceUnavailable(Exception):
    """The face service did not answer."""


class FaceRefused(Exception):
    """The face service said no; ``kind`` is the short word of the problem, the message is for people."""

    def __init__(self, kind: str, detail: str) -> None:
        self.kind = kind
        super().__init__(detail)


class StepAnswer(BaseModel):
    """One movement, and how fast."""

    movement: str
    pace: str


class ChallengeAnswer(BaseModel):
    """What to do in front of the camera, in this order."""

    challenge_id: str
    steps: list[StepAnswer]
    expires_in_s: float


class LoginAnswer(BaseModel):
    """A session; times are seconds since the epoch."""

    token: str
    person_id: str
    name: str
    role: str
    jti: str
    expires_at: float
    auth_time: float
    live: bool


class PersonAnswer(BaseModel):
    """Somebody who is enrolled."""

    person_id: str
    name: str
    role: str
    photos: int


class FaceClient:
    """Speaks for chats with the service token, and for people with their own."""

    def __init__(self, url: str, service_token: str | None) -> None:
        headers = {"Authorization": f"Bearer {service_token}"} if service_token else {}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=10.0)

    async def challenge(self, client: str) -> ChallengeAnswer:
        """Ask for a challenge.

        Raises:
            FaceRefused, FaceServiceUnavailable: see there; so do all methods.
        """
        return ChallengeAnswer.model_validate(await self._call("POST", "/v1/challenges", json={"client": client}))

    async def login(self, client: str, film: bytes, challenge_id: str) -> LoginAnswer:
        """Log in with the video (MP4) that answers a challenge."""
        data = {"client": client, "challenge_id": challenge_id}
        files = [("frames", ("frames", film, "application/octet-stream"))]
        return LoginAnswer.model_validate(
            await self._call("POST", "/v1/sessions", data=data, files=files, timeout=LOGIN_TIMEOUT_S)
        )

    async def logout(self, jti: str) -> None:
        """End a session; one that has ended already is no error."""
        try:
            await self._call("DELETE", f"/v1/sessions/{jti}")
        except FaceRefused as error:
            if error.kind != "session-unknown":
                raise

    async def enrol_with_code(self, client: str, code: str, name: str, photo: bytes) -> PersonAnswer:
        """Enrol somebody with a one-time code."""
        data = {"client": client, "code": code, "name": name}
        return PersonAnswer.model_validate(
            await self._call("POST", "/v1/enrolments", data=data, files=_photo(photo), timeout=LOGIN_TIMEOUT_S)
        )

    async def join(self, client: str, code: str) -> None:
        """Let a chat in that shows an invitation."""
        await self._call("POST", "/v1/devices/chats", json={"client": client, "code": code})

    async def invite(self, token: str, role: str) -> str:
        """Return a one-time code, on an administrator's behalf."""
        return str((await self._call("POST", "/v1/invitations", json={"role": role}, token=token))["code"])

    async def enrol(self, token: str, name: str, photo: bytes) -> PersonAnswer:
        """Enrol somebody on an administrator's behalf."""
        answer = await self._call(
            "POST", "/v1/people", data={"name": name}, files=_photo(photo), token=token, timeout=LOGIN_TIMEOUT_S
        )
        return PersonAnswer.model_validate(answer)

    async def people(self, token: str) -> Sequence[PersonAnswer]:
        """Return everybody who is enrolled."""
        return [PersonAnswer.model_validate(entry) for entry in await self._call("GET", "/v1/people", token=token)]

    async def revoke(self, token: str, person_id: str) -> int:
        """End all sessions of somebody; return how many there were."""
        return int((await self._call("DELETE", f"/v1/people/{person_id}/sessions", token=token))["ended"])

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        try:
            answer = await self._http.request(method, path, headers=headers, **options)
        except httpx.HTTPError as error:
            raise FaceServiceUnavailable(f"the face service does not answer: {type(error).__name__}") from error
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            problem = answer.json()
            kind = str(problem.get("type", "")).rpartition(":")[2]
            detail = str(problem.get("detail", ""))
        except (ValueError, AttributeError):
            kind, detail = "", answer.reason_phrase
        if answer.status_code >= 500:
            raise FaceServiceUnavailable(f"the face service cannot help now: {detail}")
        raise FaceRefused(kind, detail)


def _photo(photo: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("photos", ("photo.jpg", photo, "image/jpeg"))]
