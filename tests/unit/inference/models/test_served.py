"""A detector answers beside the classifier: its boxes over REST, its tensors over the Open Inference Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any, AsyncIterator, Callable

import cv2
import httpx
import numpy as np
import pytest

from hackai_inference.http.api import add_routes
from hackai_inference.live.engine import Engine
from hackai_inference.measures import InferenceMetrics
from hackai_inference.models.detectors import SecondLooks
from hackai_inference.models.registry import Registry
from hackai_inference.shadow.api import add_shadow_routes
from hackai_inference.shadow.observer import Shadow
from hackai_shared.config.detection import InferenceConfig
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
    write_detector(make_package, tmp_path / "models", 2)
    config = InferenceConfig.model_validate({"detector": {"model": "fire-detector"}})
    looks = SecondLooks(tmp_path / "models", tmp_path / "state", config)
    looks.load()
    looks.activate("fire-detector", 1)
    metrics = Metrics("inference")
    app = create_app("inference", "test", health=Health(), metrics=metrics, max_body_bytes=1_000_000)
    add_routes(app, registry, engine, InferenceMetrics(metrics), max_pixels=10**6, detectors=looks)
    shadow = Shadow(registry, tmp_path / "shadow", max_pixels=10**6)
    add_shadow_routes(app, shadow)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as connected:
        yield connected
    shadow.close()


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


async def test_the_version_of_a_detector_is_switched_and_rolled_back_beside_that_of_the_classifier(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/models/fire-classifier/versions/1/activate")
    switched = (await client.post("/v1/models/fire-detector/versions/2/activate")).json()
    answered = (await post(client, png(200, 20), "fire-detector")).json()["model"]["version"]
    back = (await client.post("/v1/models/fire-detector/rollback")).json()
    classifier = (await client.get("/v1/models/fire-classifier")).json()

    assert switched["active"]["version"] == answered == 2
    assert [version["active"] for version in switched["versions"]] == [True, False]
    assert switched["versions"][0]["task"] == "detection"
    assert back["active"]["version"] == 1
    assert (await post(client, png(200, 20), "fire-detector")).json()["model"]["version"] == 1
    assert (classifier["active"]["version"], classifier["history"]) == (1, [2, 1])


@pytest.mark.parametrize("path", ["versions/2/shadow", "versions/2/variants/fp32/predict"])
async def test_detectors_are_not_compared_on_live_frames(client: httpx.AsyncClient, path: str) -> None:
    url = f"/v1/models/fire-detector/{path}"
    if path.endswith("shadow"):
        answer = await client.post(url, json={"share": 0.5})
    else:
        answer = await client.post(url, content=png(200, 0), headers={"content-type": "image/png"})

    assert answer.status_code == 409
    assert "fire-detector is a detector" in answer.json()["detail"]


async def test_a_model_that_does_not_run_here_cannot_be_switched(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/models/other/versions/1/activate")

    assert answer.status_code == 404
    assert "this service runs fire-classifier and fire-detector" in answer.json()["detail"]
