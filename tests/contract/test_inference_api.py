"""The HTTP contract of the inference service: OpenAPI, tritonclient as it is, and no 5xx whatever is asked."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from hackai_inference.http.api import add_routes
from hackai_inference.live.engine import Engine
from hackai_inference.measures import InferenceMetrics
from hackai_inference.models.registry import Registry
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.web import create_app

MODEL = "fire-classifier"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, make_package: Callable[..., Path]) -> Registry:
    folder = tmp_path_factory.mktemp("contract")
    for version in (1, 2):
        make_package(folder / "models", version)
    registry = Registry(folder / "models", folder / "state", MODEL, runtime="auto", variant="auto", threads=1)
    registry.load()
    return registry


@pytest.fixture(scope="module")
def url(registry: Registry) -> Iterator[str]:
    """The service's HTTP edge on a real port."""
    metrics = Metrics("inference")
    engine = Engine(2, queue_size=64)
    engine.start(lambda key: None)
    app = create_app("inference", "contract", health=Health(), metrics=metrics, max_body_bytes=1_000_000)
    add_routes(app, registry, engine, InferenceMetrics(metrics), max_pixels=10_000_000)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # a client that comes early waits
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    engine.stop()
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def schema(url: str) -> Any:
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.fixture
def triton(url: str) -> Iterator[Any]:
    client = pytest.importorskip("tritonclient.http").InferenceServerClient(url.removeprefix("http://"))
    yield client
    client.close()


@pytest.fixture
def pixels() -> np.ndarray[Any, Any]:
    """Two pictures for the model: fire and none."""
    return np.stack([np.full((64, 64, 3), colour, np.uint8) for colour in ((255, 120, 20), (30, 60, 200))])


def test_the_paths_of_the_contract_are_there(schema: Any) -> None:
    paths = {path for path in schema.raw_schema["paths"] if path.startswith("/v")}

    assert paths == {
        "/v1/predict",
        "/v1/models",
        "/v1/models/{name}",
        "/v1/models/{name}/versions/{version}/activate",
        "/v1/models/{name}/rollback",
        "/v1/models/{name}/versions/{version}/variants/{variant}/predict",
        "/v2",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models/{name}",
        "/v2/models/{name}/ready",
        "/v2/models/{name}/infer",
        "/v2/models/{name}/versions/{version}",
        "/v2/models/{name}/versions/{version}/ready",
        "/v2/models/{name}/versions/{version}/infer",
    }
    schema.validate()


@pytest.mark.parametrize("name", [None, MODEL])
def test_whatever_is_asked_is_answered_as_documented(schema: Any, name: str | None) -> None:
    """Generated requests to every operation: no 5xx, and every answer as the schema says."""
    statuses: set[int] = set()

    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy())
        def ask(case: Any) -> None:
            if name is not None and "name" in case.path_parameters:
                case.path_parameters["name"] = name  # generated names are never those that exist
            answer = case.call(timeout=10)
            statuses.add(answer.status_code)
            case.validate_response(
                answer, checks=[not_a_server_error, content_type_conformance, response_schema_conformance]
            )

        ask()

    assert 200 in statuses
    assert statuses & {404, 415, 422}


def test_a_real_answer_fits_the_schema(schema: Any, url: str) -> None:
    jpeg = cv2.imencode(".jpg", np.full((90, 160, 3), (20, 120, 255), np.uint8))[1].tobytes()
    operation = schema["/v1/predict"]["POST"]

    answers = [
        httpx.post(f"{url}/v1/predict?explain=true", content=jpeg, headers={"content-type": "image/jpeg"}),
        httpx.post(f"{url}/v1/predict", files=[("file", jpeg), ("file", jpeg)]),
        httpx.post(f"{url}/v1/predict", content=b"", headers={"content-type": "image/jpeg"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 422]
    for answer in answers:
        answer.request.read()
        operation.validate_response(answer)


def test_tritonclient_sees_the_server_and_the_model(triton: Any) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready(MODEL)
    assert triton.is_model_ready(MODEL, "2")
    assert not triton.is_model_ready(MODEL, "1")
    assert not triton.is_model_ready("other")
    assert "binary_tensor_data" in triton.get_server_metadata()["extensions"]
    metadata = triton.get_model_metadata(MODEL)
    assert metadata["inputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 64, 64, 3]}]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False, None])
def test_tritonclient_infers_in_json_and_in_binary(
    triton: Any, registry: Registry, pixels: np.ndarray[Any, Any], binary_in: bool, binary_out: bool | None
) -> None:
    http = pytest.importorskip("tritonclient.http")
    tensor = http.InferInput("images", list(pixels.shape), "UINT8")
    tensor.set_data_from_numpy(pixels, binary_data=binary_in)
    outputs = (
        None
        if binary_out is None
        else [http.InferRequestedOutput(name, binary_data=binary_out) for name in ("cam", "logits")]
    )

    result = triton.infer(MODEL, [tensor], outputs=outputs, request_id="r7", model_version="2")

    expected = registry.active.classifier.session.run(pixels)
    assert result.get_response()["id"] == "r7"
    np.testing.assert_allclose(result.as_numpy("logits"), expected["logits"], rtol=1e-6)
    np.testing.assert_allclose(result.as_numpy("cam"), expected["cam"], rtol=1e-6)
    assert expected["logits"].argmax(axis=1).tolist() == [0, 1]


def test_tritonclient_runs_requests_side_by_side(triton: Any, url: str, pixels: np.ndarray[Any, Any]) -> None:
    http = pytest.importorskip("tritonclient.http")
    tensor = http.InferInput("images", list(pixels.shape), "UINT8")
    tensor.set_data_from_numpy(pixels)
    with http.InferenceServerClient(url.removeprefix("http://"), concurrency=4) as client:
        pending = [client.async_infer(MODEL, [tensor]) for _ in range(20)]
        results = [request.get_result().as_numpy("logits") for request in pending]

    assert all((result == results[0]).all() for result in results)


@pytest.mark.parametrize(
    ("model", "shape", "datatype", "message"),
    [
        ("other", [1, 64, 64, 3], "UINT8", "no model"),
        (MODEL, [1, 32, 64, 3], "UINT8", "shape"),
        (MODEL, [1, 64, 64, 3], "FP32", "datatype"),
    ],
)
def test_tritonclient_is_told_what_is_wrong(
    triton: Any, model: str, shape: list[int], datatype: str, message: str
) -> None:
    http = pytest.importorskip("tritonclient.http")
    tensor = http.InferInput("images", shape, datatype)
    tensor.set_data_from_numpy(np.zeros(shape, {"UINT8": np.uint8, "FP32": np.float32}[datatype]))

    with pytest.raises(pytest.importorskip("tritonclient.utils").InferenceServerException, match=message):
        triton.infer(model, [tensor])
