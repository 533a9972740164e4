"""The HTTP edge over a real model."""

from __future__ import annotations

import asyncio
import struct
import threading
import zlib
from typing import Any, Callable

import pytest

from hackai_inference.http.prediction import Prediction, Predictions
from hackai_inference.live.engine import Engine

JPEG = {"content-type": "image/jpeg"}
PROBLEM = "application/problem+json"


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))


@pytest.mark.parametrize(
    ("extension", "kind"), [(".jpg", "image/jpeg"), (".png", "image/png"), (".webp", "image/webp")]
)
async def test_a_picture_as_the_body(edge: Any, picture: Callable[..., bytes], extension: str, kind: str) -> None:
    answer = await edge.client.post("/v1/predict", content=picture("fire", extension), headers={"content-type": kind})

    prediction = Prediction.model_validate_json(answer.content)
    assert answer.status_code == 200
    assert prediction.label == "fire"
    assert sum(prediction.probabilities.values()) == pytest.approx(1.0)
    assert (prediction.image.width, prediction.image.height) == (160, 90)
    assert (prediction.model.name, prediction.model.version) == ("fire-classifier", 2)
    assert prediction.timings_ms.total >= prediction.timings_ms.infer > 0
    assert prediction.explanation is None


async def test_an_explanation_says_where(edge: Any, picture: Callable[..., bytes]) -> None:
    answer = await edge.client.post("/v1/predict?explain=1", content=picture("fire"), headers=JPEG)

    explanation = Prediction.model_validate_json(answer.content).explanation
    assert explanation is not None
    assert explanation.label == "fire"
    assert [len(row) for row in explanation.heat_map] == [8] * 8
    assert explanation.boxes[0].x2 > 0.9


async def test_a_form_with_one_and_with_several_files(edge: Any, picture: Callable[..., bytes]) -> None:
    one = await edge.client.post("/v1/predict", files={"file": ("a.jpg", picture("fire"))})
    several = await edge.client.post(
        "/v1/predict", files=[("file", (label, picture(label))) for label in ("fire", "no_fire", "start_fire")]
    )

    assert Prediction.model_validate_json(one.content).label == "fire"
    labels = [item.label for item in Predictions.model_validate_json(several.content).predictions]
    assert labels == ["fire", "no_fire", "start_fire"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"", "image/jpeg", 422, id="empty"),
        pytest.param(b"just text", "image/jpeg", 415, id="text"),
        pytest.param(b"{}", "application/json", 415, id="json"),
        pytest.param(b"", None, 415, id="no type"),
        pytest.param(b"GIF89a" + bytes(100), "image/png", 415, id="gif"),
        pytest.param(bomb(30_000, 30_000), "image/png", 413, id="30000x30000"),
        pytest.param(bomb(12_000, 9_000), "image/png", 413, id="12000x9000"),
        pytest.param(bomb(100, 100), "image/png", 422, id="no pixels"),
        pytest.param(bytes(1_000_001), "image/jpeg", 413, id="1 MB"),
        pytest.param(b"--x\r\n\r\n", "multipart/form-data; boundary=x", 400, id="form without end"),
        pytest.param(b"", "multipart/form-data", 400, id="no boundary"),
        pytest.param(b"--x--\r\n", "multipart/form-data; boundary=x", 422, id="form without files"),
    ],
)
async def test_bad_input_is_a_problem_of_the_client(edge: Any, body: bytes, kind: Any, status: int) -> None:
    answer = await edge.client.post("/v1/predict", content=body, headers={"content-type": kind} if kind else {})

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail"]


async def test_a_truncated_jpeg(edge: Any, picture: Callable[..., bytes]) -> None:
    jpeg = picture("fire", width=800, height=600)

    answer = await edge.client.post("/v1/predict", content=jpeg[: len(jpeg) // 2], headers=JPEG)

    assert answer.status_code == 422
    assert "truncated" in answer.json()["detail"]


async def test_one_bad_file_among_several_is_refused_as_a_whole(edge: Any, picture: Callable[..., bytes]) -> None:
    answer = await edge.client.post(
        "/v1/predict", files=[("file", ("a", picture("fire"))), ("file", ("b", b"nothing"))]
    )

    assert answer.status_code == 415


async def test_an_overload_is_answered_at_once(edge: Any, engine: Engine, picture: Callable[..., bytes]) -> None:
    gate = threading.Event()
    entered = threading.Event()

    def hold() -> None:
        entered.set()
        assert gate.wait(10)

    busy = asyncio.ensure_future(engine.run(hold))
    await asyncio.get_running_loop().run_in_executor(None, entered.wait)
    waiting = [asyncio.ensure_future(engine.run(lambda: None)) for _ in range(2)]
    await asyncio.sleep(0)

    answer = await edge.client.post("/v1/predict", content=picture("fire"), headers=JPEG)

    gate.set()
    await asyncio.gather(busy, *waiting)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == PROBLEM


async def test_models_are_listed_and_activated_and_rolled_back(edge: Any, picture: Callable[..., bytes]) -> None:
    listed = (await edge.client.get("/v1/models")).json()["models"]
    assert [model["name"] for model in listed] == ["fire-classifier"]
    assert [(version["version"], version["active"]) for version in listed[0]["versions"]] == [(2, True), (1, False)]
    assert listed[0]["active"]["provider"] == "CPUExecutionProvider"

    activated = (await edge.client.post("/v1/models/fire-classifier/versions/1/activate")).json()
    assert activated["active"]["version"] == 1
    predicted = await edge.client.post("/v1/predict", content=picture("fire"), headers=JPEG)
    assert predicted.json()["model"]["version"] == 1

    back = (await edge.client.post("/v1/models/fire-classifier/rollback")).json()
    assert back["active"]["version"] == 2
    again = await edge.client.post("/v1/models/fire-classifier/rollback")
    assert again.status_code == 409


async def test_unknown_models_and_bad_packages(edge: Any, registry: Any, make_package: Any, tmp_path: Any) -> None:
    make_package(tmp_path / "models", 3, gate=None)

    assert (await edge.client.get("/v1/models/other")).status_code == 404
    assert (await edge.client.post("/v1/models/fire-classifier/versions/9/activate")).status_code == 404
    refused = await edge.client.post("/v1/models/fire-classifier/versions/3/activate")
    assert refused.status_code == 409
    assert "no gate report" in refused.json()["detail"]
    model = (await edge.client.get("/v1/models/fire-classifier")).json()
    assert model["active"]["version"] == 2
    assert (model["versions"][0]["usable"], model["versions"][0]["detail"]) == (False, "no gate report")
