"""A detector answers beside the classifier: its boxes over REST, its tensors over the Open Inference Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any, AsyncIterator, Callable

import cv2
import httpx
import numpy as np
import pytest

from hackai_inference.api import add_routes
from hackai_inference.detecting import load_second_look
from hackai_inference.engine import Engine
from hackai_inference.measures import InferenceMetrics
from hackai_inference.registry import Registry
from hackai_shared.config.detection import DetectorConfig
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.web import create_app
from small_detector import write_detector


@pytest.fixture
async def client(
    registry: Registry, engine: Engine, tmp_path: Path, make_package: Callable[..., Path]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the HTTP edge over a classifier and a detector."""
    write_detector(make_package, tmp_path / "models")
    config = DetectorConfig(model="fire-detector")
    look = load_second_look(tmp_path / "models", config, runtime="onnxruntime", threads=1, max_pixels=10**6)
    metrics = Metrics("inference")
    app = create_app("inference", "test", health=Health(), metrics=metrics, max_body_bytes=1_000_000)
    add_routes(app, registry, engine, InferenceMetrics(metrics), max_pixels=10**6, detector=look)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as connected:
        yield connected


def png(red: int, green: int) -> bytes:
    return cv2.imencode(".png", np.full((90, 160, 3), (0, green, red), np.uint8))[1].tobytes()


def post(client: httpx.AsyncClient, data: bytes, model: str) -> Any:
    return client.post("/v1/predict", params={"model": model}, content=data, headers={"content-type": "image/png"})


async def test_predict_gives_the_boxes_of_a_detector(client: httpx.AsyncClient) -> None:
    answer = (await post(client, png(200, 20), "fire-detector")).json()

    (box,) = answer["boxes"]
    assert box["label"] == "fire"
    assert (box["x1"], box["y1"], box["x2"], box["y2"]) == pytest.approx((0.25, 0.5, 0.75, 1.0))
    assert box["score"] == pytest.approx(200 / 255, abs=0.01)
    assert answer["image"] == {"width": 160, "height": 90}
    assert answer["model"] == {"name": "fire-detector", "version": 1, "variant": "fp32"}


async def test_several_files_give_several_detections(client: httpx.AsyncClient) -> None:
    files = [("file", ("a.png", png(200, 0), "image/png")), ("file", ("b.png", png(0, 0), "image/png"))]
    answer = (await client.post("/v1/predict", params={"model": "fire-detector"}, files=files)).json()

    assert [len(found["boxes"]) for found in answer["detections"]] == [1, 0]


async def test_the_classifier_may_be_named_too(client: httpx.AsyncClient) -> None:
    assert "probabilities" in (await post(client, png(200, 20), "fire-classifier")).json()


async def test_a_model_that_is_not_loaded_is_unknown(client: httpx.AsyncClient) -> None:
    answer = await post(client, png(0, 0), "other")

    assert answer.status_code == 404
    assert "'fire-classifier' and 'fire-detector' answer" in answer.json()["detail"]


async def test_a_damaged_picture_is_refused(client: httpx.AsyncClient) -> None:
    assert (await post(client, png(0, 0)[:60], "fire-detector")).status_code in {415, 422}


async def test_tensors_of_a_detector(client: httpx.AsyncClient) -> None:
    metadata = (await client.get("/v2/models/fire-detector/versions/1")).json()
    pixels = np.full((1, 64, 64, 3), (255, 0, 0), np.uint8)
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 64, 64, 3], "data": pixels.ravel().tolist()}
    answer = (await client.post("/v2/models/fire-detector/infer", json={"inputs": [tensor]})).json()

    assert {output["name"]: output["shape"] for output in metadata["outputs"]} == {
        "boxes": [-1, -1, 4],
        "scores": [-1, -1, 2],
    }
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    assert outputs["scores"] == pytest.approx([1.0, 0.0])


async def test_another_version_is_not_served(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v2/models/fire-detector/versions/2")).status_code == 404
