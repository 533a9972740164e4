"""Attacks on the running service: tampering, floods, large bodies, tokens of others."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.face_auth.conftest import FaceService, MakeService

from hackai_shared.config.faces import FacesConfig


async def test_a_tampered_gallery_lets_nobody_in(faces: FaceService, faces_folder: Path) -> None:
    photo = sorted((faces_folder / "people" / "Tom_Hanks").glob("*.jpg"))[0]
    assert (await faces.enrol("Tom Hanks", photo)).status_code == 201
    challenge = await faces.challenge()
    with sqlite3.connect(faces.core.database.path) as raw:
        raw.execute("UPDATE people SET role = 'admin'")
    raw.close()
    answer = await faces.login([photo.read_bytes()], challenge_id=challenge)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:hackai:problem:gallery")
    assert "token" not in answer.text
    assert faces.audited()[-1][:2] == ("login", "failed")


async def test_an_upload_of_200_megabytes_is_refused_unread(faces: FaceService) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="frames"; filename="f.jpg"\r\n\r\n'
        for _ in range(200):
            sent += 1_000_000
            yield bytes(1_000_000)

    headers = {**faces.service, "Content-Type": "multipart/form-data; boundary=x"}
    announced = await faces.http.post("/v1/sessions", content=b"x", headers={**headers, "Content-Length": "200000000"})
    assert announced.status_code == 413
    chunked = await faces.http.post("/v1/sessions", content=body(), headers=headers)
    assert chunked.status_code == 413
    assert sent <= 30_000_000


async def test_ten_thousand_requests_cost_ten_thousand_short_answers(make_service: MakeService) -> None:
    async with make_service(FacesConfig(requests_per_minute=240)) as faces:
        statuses = [
            (await faces.http.post("/v1/challenges", json={"client": "telegram:1"}, headers=faces.service)).status_code
            for _ in range(10_000)
        ]
        assert statuses[:6] == [201] * 5 + [429]
        assert statuses.count(429) > 9_000
        assert (await faces.http.get("/healthz")).status_code == 200
        assert len(faces.core.challenges._open) == 1


async def test_many_frames_at_once_find_a_short_queue(faces: FaceService, faces_folder: Path) -> None:
    photo = sorted((faces_folder / "impostors").glob("*.jpg"))[0].read_bytes()
    for number in range(30):
        faces.core.devices.admit_chat(f"telegram:{number + 100}", vouched_by="invitation")
    ids = [await faces.challenge(f"telegram:{number + 100}") for number in range(30)]
    answers = await asyncio.gather(
        *(faces.login([photo], client=f"telegram:{n + 100}", challenge_id=challenge) for n, challenge in enumerate(ids))
    )
    statuses = {answer.status_code for answer in answers}
    assert statuses == {403, 503}


@pytest.mark.parametrize("client", ["", "telegram", "telegram:", "TELEGRAM:1", "telegram:1\n", "x:" + "1" * 101])
async def test_client_names_are_checked(faces: FaceService, client: str) -> None:
    answer = await faces.http.post("/v1/challenges", json={"client": client}, headers=faces.service)
    assert answer.status_code == 422


async def test_too_many_frames(faces: FaceService) -> None:
    answer = await faces.login([b"x"] * 97)
    assert answer.status_code == 422
