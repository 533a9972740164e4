"""The Open Inference Protocol over a real model (the contract test drives it with tritonclient)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

PIXELS = np.full((2, 64, 64, 3), (255, 120, 20), np.uint8)


def request(**changes: Any) -> Any:
    tensor = {"name": "images", "datatype": "UINT8", "shape": [2, 64, 64, 3], "data": PIXELS.ravel().tolist()}
    return {"id": "r1", "inputs": [tensor], **changes}


async def test_metadata_names_the_tensors(edge: Any) -> None:
    server = (await edge.client.get("/v2")).json()
    model = (await edge.client.get("/v2/models/fire-classifier")).json()

    assert server["extensions"] == ["binary_tensor_data"]
    assert model["versions"] == ["2"]
    assert model["inputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 64, 64, 3]}]
    assert [output["name"] for output in model["outputs"]] == ["logits", "cam"]


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready", "/v2/models/fire-classifier/ready"])
async def test_health(edge: Any, path: str) -> None:
    assert (await edge.client.get(path)).status_code == 200


async def test_infer_in_json(edge: Any) -> None:
    answer = await edge.client.post("/v2/models/fire-classifier/versions/2/infer", json=request())

    document = answer.json()
    assert (document["id"], document["model_name"], document["model_version"]) == ("r1", "fire-classifier", "2")
    logits = document["outputs"][0]
    assert (logits["name"], logits["shape"], logits["datatype"]) == ("logits", [2, 3], "FP32")
    assert np.array(logits["data"]).reshape(2, 3).argmax(axis=1).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/models/fire-classifier/infer", {"inputs": []}, 400),
        ("/v2/models/fire-classifier/infer", request(id=7), 400),
        ("/v2/models/other/infer", request(), 404),
        ("/v2/models/fire-classifier/versions/1/infer", request(), 404),
    ],
)
async def test_errors_are_problems_with_the_error_of_the_protocol(edge: Any, path: str, body: Any, status: int) -> None:
    answer = await edge.client.post(path, json=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"] == answer.json()["detail"]


async def test_a_compressed_request_is_refused(edge: Any) -> None:
    answer = await edge.client.post(
        "/v2/models/fire-classifier/infer", content=b"x", headers={"content-encoding": "gzip"}
    )

    assert answer.status_code == 415
