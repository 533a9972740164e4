"""The real process: first code, enrolment, login, audit stream, revocation list, graceful stop."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from tests.integration.face_auth.conftest import Perform, as_jpeg

from hackai_face_auth.liveness.steps import Movement, Pace, Step
from hackai_shared.bus import Bus, names
from hackai_shared.messages import AuditRecord
from hackai_shared.security import KeySet, RevocationList, http_reader, new_service_token, verify_session

START_S = 60.0


@dataclass
class Running:
    process: asyncio.subprocess.Process
    url: str
    token: str
    output: list[str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
async def running(tmp_path: Path, redis_url: str, free_port: int, antispoof_folder: Path) -> AsyncIterator[Running]:
    pytest.importorskip("insightface", reason="insightface is not installed")
    config = tmp_path / "config.yml"
    config.write_text(
        "cameras: {drill: {source: {type: pattern}}}\n"
        f"faces: {{liveness: {{antispoof_folder: '{antispoof_folder}', challenge_steps: 2}}}}\n"
    )
    token = new_service_token()
    secret = tmp_path / "service.token"
    secret.write_text(token)
    environment = {
        **os.environ,
        "HACKAI_CONFIG": str(config),
        "HACKAI_REDIS_URL": redis_url,
        "HACKAI_DATA_DIR": str(tmp_path / "data"),
        "HACKAI_FACE_AUTH_PORT": str(free_port),
        "HACKAI_SERVICE_TOKEN_FILE": str(secret),
        "HACKAI_LOG_LEVEL": "info",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hackai_face_auth", env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    output: list[str] = []
    up = asyncio.Event()

    async def read(stream: asyncio.StreamReader) -> None:
        async for line in stream:
            output.append(line.decode())
            if '"started"' in output[-1]:
                up.set()
        up.set()

    reader = asyncio.create_task(read(process.stderr))
    await asyncio.wait_for(up.wait(), START_S)
    assert process.returncode is None, "".join(output)
    yield Running(process, f"http://127.0.0.1:{free_port}", token, output)
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == 0
    await reader


async def test_from_the_first_code_to_a_revoked_session(
    running: Running, bus: Bus, faces_folder: Path, perform: Perform
) -> None:
    (code,) = re.findall(r"^\s+([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})\s*$", "".join(running.output), re.MULTILINE)
    photo = faces_folder / "people" / "deepface_id07" / "img30.jpg"
    async with httpx.AsyncClient(base_url=running.url, headers=running.headers, timeout=120) as http:
        files = [("photos", ("a.jpg", photo.read_bytes(), "image/jpeg"))]
        data = {"name": "First Administrator", "client": "telegram:1", "code": code}
        enrolled = await http.post("/v1/enrolments", data=data, files=files)
        assert enrolled.status_code == 201, enrolled.text
        assert enrolled.json()["role"] == "admin"
        asked = (await http.post("/v1/challenges", json={"client": "telegram:1"})).json()
        steps = [Step(Movement(one["movement"]), Pace(one["pace"])) for one in asked["steps"]]
        film = await asyncio.to_thread(perform, np.asarray(cv2.imread(str(photo)), np.uint8), steps)
        frames = [("frames", (f"{n}.jpg", as_jpeg(frame), "image/jpeg")) for n, frame in enumerate(film)]
        data = {"client": "telegram:1", "challenge_id": asked["challenge_id"]}
        login = await http.post("/v1/sessions", data=data, files=frames)
        assert login.status_code == 201, login.text
        token, jti = login.json()["token"], login.json()["jti"]

        # Another service: reads the public key once, verifies alone.
        keys = KeySet(http_reader(running.url))
        await asyncio.to_thread(keys.refresh)
        assert verify_session(token, keys).role.value == "admin"

        assert (await http.delete(f"/v1/sessions/{jti}")).status_code == 204
        revoked = RevocationList(bus.client)
        for _ in range(100):
            await revoked.refresh()
            if jti in revoked:
                break
            await asyncio.sleep(0.05)
        assert jti in revoked

        actions: list[tuple[str, str]] = []
        for _ in range(100):
            entries = await bus.client.xrange(names.AUDIT)
            records = [AuditRecord.model_validate_json(fields[b"message"]) for _, fields in entries]
            actions = [(record.action, record.outcome) for record in records]
            if len(actions) >= 4:
                break
            await asyncio.sleep(0.05)
        assert actions == [
            ("enrol-with-code", "allowed"),
            ("challenge", "allowed"),
            ("login", "allowed"),
            ("logout", "allowed"),
        ]
        assert (await http.get("/readyz")).status_code == 200
        assert "hackai_face_auth_logins_total" in (await http.get("/metrics")).text
    # Neither the code nor a token nor the name of a person is in the log lines (the code stands in its own block).
    lines = [line for line in running.output if line.startswith("{")]
    assert not any(code in line or token in line for line in lines)
