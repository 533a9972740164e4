"""The real models, real photos, and head movements made of a real photo by a warp of its depth."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from hackai_face_auth.api.app import create_face_app
from hackai_face_auth.api.context import Edge
from hackai_face_auth.core import Core, build_core, load_engine
from hackai_face_auth.engine.faces import FaceEngine, Floats, Pixels
from hackai_face_auth.metrics import FaceMetrics
from hackai_face_auth.settings import FaceAuthSettings
from hackai_face_auth.workbench import Workbench
from hackai_shared.bus import Bus
from hackai_shared.config.faces import FacesConfig, LivenessConfig
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.security import (
    Gate,
    KeySet,
    RevocationList,
    Role,
    ServiceToken,
    SessionClaims,
    new_service_token,
    sign_session,
)

SERVICE_TOKEN = new_service_token()


@pytest.fixture(scope="session")
def engine() -> FaceEngine:
    pytest.importorskip("insightface", reason="insightface is not installed (it belongs to the face service alone)")
    return load_engine(FacesConfig())


@pytest.fixture(scope="session")
def faces_folder(shared_data: Path) -> Path:
    return shared_data / "data" / "faces"


@pytest.fixture(scope="session")
def antispoof_folder(shared_data: Path) -> Path:
    folder = shared_data / "models" / "antispoof"
    if not folder.is_dir():
        pytest.skip("the passive liveness models are not there")
    return folder


def turn(picture: Pixels, points: Floats, yaw_deg: float, *, flat: bool = False) -> Pixels:
    """Return the picture with its head turned: each pixel moves by its depth on a head-shaped surface.

    ``flat`` gives every pixel the depth of the eyes: a photograph that is turned, not a head.
    """
    height, width = picture.shape[:2]
    eyes, mouth, nose = points[:2].mean(0), points[3:].mean(0), points[2]
    between = float(np.hypot(*(points[1] - points[0])))
    centre = (eyes + mouth) / 2
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    angle = np.deg2rad(yaw_deg)

    def depth(x: Floats) -> Floats:
        if flat:
            return np.zeros_like(x)
        across, down = (x - centre[0]) / (1.35 * between), (v - centre[1]) / (2.0 * between)
        skull = between * 1.2 * (np.sqrt(np.clip(1 - across**2 - down**2, 0, 1)) - 0.8)
        bump = (
            0.65 * between * np.exp(-(((x - nose[0]) / (0.3 * between)) ** 2 + ((v - nose[1]) / (0.5 * between)) ** 2))
        )
        return np.clip(skull + bump, -between, between)

    def fade(x: Floats) -> Floats:
        if flat:
            return np.ones_like(x)
        distance = np.sqrt(((x - centre[0]) / (1.9 * between)) ** 2 + ((v - centre[1]) / (2.6 * between)) ** 2)
        return np.clip(2 * (1 - distance), 0, 1)

    x = u.copy()
    for _ in range(12):  # u = x + shift(x): solved by iteration
        shift = (x - centre[0]) * (np.cos(angle) - 1) + depth(x) * np.sin(angle)
        x = u - fade(x) * shift
    return np.asarray(
        cv2.remap(picture, x.astype(np.float32), v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def close_eyes(picture: Pixels, landmarks: Floats, share: float) -> Pixels:
    """Return the picture with the upper lids drawn down by ``share`` of the opening."""
    result = picture.copy()
    height, width = picture.shape[:2]
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    for first, last in ((33, 43), (87, 97)):
        eye = landmarks[first:last]
        left, right = eye[:, 0].min(), eye[:, 0].max()
        top, bottom = eye[:, 1].min(), eye[:, 1].max()
        opening, wide = bottom - top, right - left
        # Skin from above the eye is stretched downwards over it; the lower lid stays.
        inside = np.clip(1.4 - np.abs((u - (left + right) / 2) / (wide / 2)), 0, 1)
        line = bottom + 0.15 * opening
        relative = np.clip((line - v) / (2.6 * opening), 0, 1)
        shift = share * 1.15 * opening * inside * np.sin(np.pi * relative**0.6)
        result = np.asarray(
            cv2.remap(result, u, (v - shift).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.uint8,
        )
    return result


# The detector sees about two thirds of the angle: the warp cannot show what the photo hides.
TURN_DEG = (12, 24, 36, 40, 36, 24, 12)

Perform = Callable[[Pixels, Sequence[str]], list[Pixels]]


@pytest.fixture(scope="session")
def perform(engine: FaceEngine) -> Perform:
    """Frames of a head that does movements, made of one photo: a stand-in for a capture, with honest limits."""

    def frames(picture: Pixels, movements: Sequence[str]) -> list[Pixels]:
        face = engine.detect(picture)[0]
        landmarks = engine.landmarks(picture, face)
        series = [picture, picture]
        for movement in movements:
            if movement == "blink":
                series += [close_eyes(picture, landmarks, share) for share in (0.5, 1.0, 1.0, 0.5)]
            else:
                sign = 1 if movement == "turn_left" else -1
                series += [turn(picture, face.points, sign * degrees) for degrees in TURN_DEG]
            series += [picture, picture]
        return series

    return frames


@dataclass
class FaceService:
    """The application of the face service on real models, called without a socket."""

    http: httpx.AsyncClient
    core: Core
    edge: Edge
    app: FastAPI

    def session(self, role: Role, subject: str = "0" * 32) -> dict[str, str]:
        """The header of a person with that role."""
        now = int(time.time())
        claims = SessionClaims(
            sub=subject, name="Somebody", role=role, jti=secrets.token_hex(16), iat=now, exp=now + 600, auth_time=now
        )
        return {"Authorization": f"Bearer {sign_session(claims, self.core.key)}"}

    @property
    def service(self) -> dict[str, str]:
        """The header of a service."""
        return {"Authorization": f"Bearer {SERVICE_TOKEN}"}

    @property
    def admin(self) -> dict[str, str]:
        return self.session(Role.ADMIN)

    async def enrol(self, name: str, *paths: Path, role: str = "viewer") -> httpx.Response:
        files = [("photos", (path.name, path.read_bytes(), "image/jpeg")) for path in paths]
        return await self.http.post("/v1/people", data={"name": name, "role": role}, files=files, headers=self.admin)

    async def login(self, frames: Sequence[bytes], *, client: str = "telegram:1", **fields: str) -> httpx.Response:
        files = [("frames", (f"{number}.jpg", frame, "image/jpeg")) for number, frame in enumerate(frames)]
        data = {"client": client, **fields}
        return await self.http.post("/v1/sessions", data=data, files=files, headers=self.service)

    async def challenge(self, client: str = "telegram:1") -> dict[str, Any]:
        answer = await self.http.post("/v1/challenges", json={"client": client}, headers=self.service)
        assert answer.status_code == 201
        return dict(answer.json())

    def audited(self) -> list[tuple[str, str, str]]:
        """Action, outcome and detail of what was audited, oldest first."""
        return [(r.action, r.outcome, r.detail) for _, r in self.core.audit.pending(10_000)]


MakeService = Callable[..., AbstractAsyncContextManager[FaceService]]


@pytest.fixture
def make_service(engine: FaceEngine, tmp_path: Path, bus: Bus) -> MakeService:
    @asynccontextmanager
    async def make(config: FacesConfig | None = None) -> AsyncIterator[FaceService]:
        settings = FaceAuthSettings(data_dir=tmp_path, gallery_key=SecretStr("k" * 40))
        core = build_core(settings, config or FacesConfig(), engine)
        revoked = RevocationList(bus.client)
        gate = Gate(
            "face_auth",
            keys=KeySet.of(core.key.public_key()),
            service_token=ServiceToken(SecretStr(SERVICE_TOKEN)),
            revoked=revoked,
        )
        metrics = Metrics("face_auth")
        edge = Edge(core, Workbench(), revoked, FaceMetrics(metrics))
        app = create_face_app(edge, gate, Health(), metrics)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://faces", timeout=60) as http:
            yield FaceService(http, core, edge, app)
        await edge.bench.close()
        core.database.close()

    return make


@pytest.fixture
async def faces(make_service: MakeService, antispoof_folder: Path) -> AsyncIterator[FaceService]:
    """The service with passive liveness."""
    liveness = LivenessConfig(antispoof_folder=str(antispoof_folder))
    async with make_service(FacesConfig(liveness=liveness, requests_per_minute=100_000)) as made:
        yield made


def as_jpeg(picture: Pixels) -> bytes:
    """A frame as it is sent."""
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])
