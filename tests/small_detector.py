"""A real detector of a few bytes: one box, as sure of fire as the picture is red and of smoke as it is green."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def red_detector() -> bytes:
    """A detector with one box, whose score of fire is the mean red and whose score of smoke is the mean green."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "scale": np.array(1 / 255, np.float32),
        "columns": np.array([0, 1], np.int64),
        "nothing": np.array(0.0, np.float32),
        "box": np.array([[[0.25, 0.5, 0.75, 1.0]]], np.float32),
        "first": np.array([0], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["float", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled"], ["means"], axes=[1, 2], keepdims=0),
        helper.make_node("Gather", ["means", "columns"], ["two"], axis=1),
        helper.make_node("Reshape", ["two", "shape"], ["scores"]),
        helper.make_node("Gather", ["scores", "first"], ["one"], axis=2),
        helper.make_node("Mul", ["one", "nothing"], ["zeros"]),
        helper.make_node("Add", ["zeros", "box"], ["boxes"]),
    ]
    constants["shape"] = np.array([-1, 1, 2], np.int64)
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", 64, 64, 3])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", 1, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 1, 2]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_detector(make_package: Callable[..., Path], models: Path, version: int = 1, **thresholds: float) -> Path:
    """Write ``<models>/fire-detector/<version>`` with the thresholds 0.4 and others; return its folder."""
    changes: Any = {
        "task": "detection",
        "classes": ["fire", "smoke"],
        "outputs": {"boxes": "boxes", "scores": "scores"},
        "thresholds": {"fire": 0.4, "smoke": 0.4, **thresholds},
    }
    folder = make_package(models, version, name="fire-detector", **changes)
    graph = red_detector()
    (folder / "model.fp32.onnx").write_bytes(graph)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["variants"]["fp32"].update(sha256=hashlib.sha256(graph).hexdigest(), size_bytes=len(graph))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
