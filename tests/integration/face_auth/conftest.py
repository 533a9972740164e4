"""The real models, real photos, and heads rendered from them that answer challenges."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from hackai_face_auth.api.app import create_face_app
from hackai_face_auth.api.context import Edge
from hackai_face_auth.core import Core, build_core, load_engine
from hackai_face_auth.engine.faces import FaceEngine, Pixels
from hackai_face_auth.liveness.steps import Step
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
from presentation_attacks.acting import act
from presentation_attacks.heads import Light, Portrait, film, render

SERVICE_TOKEN = new_service_token()
# The configuration of these tests lists two chats.
CHAT, OTHER_CHAT = "telegram:1", "telegram:2"


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


Perform = Callable[[Pixels, Sequence[Step]], list[Pixels]]
LIGHT = Light((0.5, -0.3, 0.81), 0.25)


@pytest.fixture(scope="session")
def perform(engine: FaceEngine) -> Perform:
    """Frames of a head that does the steps, rendered from one photo: a stand-in for a capture, 8 frames a second."""

    def frames(picture: Pixels, steps: Sequence[Step]) -> list[Pixels]:
        portrait = Portrait(engine, picture)
        chance = np.random.default_rng(4)
        return [film(render(portrait, pose, LIGHT), pose, chance, noise=2.0) for pose in act(steps, chance)]

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

    async def login(self, frames: Sequence[bytes], *, client: str = CHAT, **fields: str) -> httpx.Response:
        files = [("frames", (f"{number}.jpg", frame, "image/jpeg")) for number, frame in enumerate(frames)]
        data = {"client": client, "challenge_id": "0" * 32, **fields}
        return await self.http.post("/v1/sessions", data=data, files=files, headers=self.service)

    async def ask(self, client: str = CHAT, secret: str = "") -> httpx.Response:
        body = {"client": client, "device_secret": secret}
        return await self.http.post("/v1/challenges", json=body, headers=self.service)

    async def challenge(self, client: str = CHAT, *steps: Step) -> str:
        """The id of a challenge; ``steps`` are what it asks for."""
        if steps:
            self.core.challenges._draw = lambda: steps
        answer = await self.ask(client)
        assert answer.status_code == 201, answer.text
        if steps:
            asked = [(one["movement"], one["pace"]) for one in answer.json()["steps"]]
            assert asked == [(step.movement.value, step.pace.value) for step in steps]
        return str(answer.json()["challenge_id"])

    def audited(self) -> list[tuple[str, str, str]]:
        """Action, outcome and detail of what was audited, oldest first."""
        return [(r.action, r.outcome, r.detail) for _, r in self.core.audit.pending(10_000)]


MakeService = Callable[..., AbstractAsyncContextManager[FaceService]]


@pytest.fixture
def make_service(engine: FaceEngine, tmp_path: Path, bus: Bus) -> MakeService:
    @asynccontextmanager
    async def make(config: FacesConfig | None = None) -> AsyncIterator[FaceService]:
        settings = FaceAuthSettings(data_dir=tmp_path, gallery_key=SecretStr("k" * 40))
        core = build_core(settings, config or FacesConfig(), engine, listed=[1, 2])
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
