"""hackai_shared.serving.detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

from hackai_shared.serving.detector import DetectedBox, Detector, choose, to_picture
from hackai_shared.serving.manifest import InputSpec, Manifest
from hackai_shared.serving.package import ModelPackage, PackageError
from hackai_shared.serving.session import SessionError

SQUARE = InputSpec(layout="NHWC", dtype="uint8", height=100, width=100)
LETTERBOX = SQUARE.model_copy(update={"resize": "letterbox"})


class Recorded:
    """A session that gives what was recorded, for every picture of the batch."""

    runtime = "recorded"
    device = "none"

    def __init__(self, boxes: List[List[float]], scores: List[List[float]]) -> None:
        self.outputs = {"boxes": np.array(boxes, np.float32), "scores": np.array(scores, np.float32)}
        self.inputs: List["np.ndarray[Any, Any]"] = []

    def run(self, tensor: "np.ndarray[Any, Any]") -> Dict[str, "np.ndarray[Any, Any]"]:
        self.inputs.append(tensor)
        return {role: np.stack([value] * len(tensor)) for role, value in self.outputs.items()}

    def close(self) -> None: ...


def package(task: str = "detection", **changes: Any) -> ModelPackage:
    file = {"file": "x", "sha256": "0" * 64, "size_bytes": 1}
    manifest = {
        "name": "fire-detector",
        "version": 1,
        "task": task,
        "classes": ["fire", "smoke"],
        "architecture": "recorded",
        "licence": "Apache-2.0",
        "created_at": "2026-11-24T00:00:00Z",
        "input": SQUARE,
        "outputs": {"boxes": "boxes", "scores": "scores"} if task == "detection" else {"logits": "logits"},
        "variants": {"fp32": {**file, "precision": "fp32", "runtimes": ["onnxruntime"]}},
        "card": file,
        "training": {"recipe": "r", "data_sha256": "0" * 64, "data": "d", "seed": 0},
        **changes,
    }
    return ModelPackage(Path(), Manifest.model_validate(manifest))


BOXES = [[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.52], [0.4, 0.4, 1.2, 1.0]]
SCORES = [[0.9, 0.1], [0.8, 0.2], [0.05, 0.6]]


def test_overlapping_boxes_of_one_class_become_one_and_edges_are_cut() -> None:
    found = Detector(package(), Recorded(BOXES, SCORES)).detect(np.zeros((50, 80, 3), np.uint8))
    assert [(b.label, round(b.score, 2)) for b in found] == [("fire", 0.9), ("smoke", 0.6)]
    assert (found[1].x0, found[1].x1) == (pytest.approx(0.4), 1.0)


def test_the_package_says_from_which_score_on_a_box_counts() -> None:
    strict = package(thresholds={"fire": 0.95, "smoke": 0.15})
    found = Detector(strict, Recorded(BOXES, SCORES)).detect(np.zeros((50, 80, 3), np.uint8))
    assert [b.label for b in found] == ["smoke", "smoke"]


def test_a_caller_may_ask_for_less() -> None:
    found = Detector(package(), Recorded(BOXES, SCORES)).detect(np.zeros((50, 80, 3), np.uint8), min_score=0.01)
    assert len(found) == 4


def test_pictures_are_fitted_to_the_input() -> None:
    session = Recorded(BOXES, SCORES)
    Detector(package(), session).detect(np.zeros((50, 80, 3), np.uint8))
    assert session.inputs[0].shape == (1, 100, 100, 3)


def test_several_pictures_in_one_batch() -> None:
    pictures = [np.zeros((100, 100, 3), np.uint8)] * 3
    found = Detector(package(), Recorded(BOXES, SCORES)).detect_fitted(pictures, [(80, 50)] * 3)
    assert len(found) == 3
    assert found[0] == found[2]


def test_a_value_that_is_no_number_is_an_error() -> None:
    with pytest.raises(SessionError, match="not a number"):
        Detector(package(), Recorded(BOXES, [[float("nan"), 0], [0, 0], [0, 0]])).detect(np.zeros((9, 9, 3), np.uint8))


def test_a_classifier_is_no_detector() -> None:
    with pytest.raises(PackageError, match="not a detector"):
        Detector(package("classification"), Recorded([], []))


@pytest.mark.parametrize(("width", "height"), [(200, 100), (100, 200), (100, 100), (333, 77)])
def test_letterboxed_boxes_return_to_the_picture(width: int, height: int) -> None:
    scale = min(100 / height, 100 / width)
    inner = np.array([round(width * scale), round(height * scale)])
    shift = (100 - inner) // 2
    in_input = np.concatenate([shift + 0.2 * inner, shift + 0.9 * inner])[np.newaxis] / 100
    assert to_picture(in_input, LETTERBOX, width=width, height=height)[0] == pytest.approx([0.2, 0.2, 0.9, 0.9])


def test_at_most_so_many_boxes_over_all_classes() -> None:
    boxes = np.array([[i, 0, i + 1, 1] for i in range(30)], np.float64)
    scores = np.linspace(0.3, 0.9, 60).reshape(30, 2)
    found = choose(boxes, scores, ["fire", "smoke"], {"fire": 0.0, "smoke": 0.0}, overlap=0.5, limit=5)
    assert len(found) == 5
    assert found[0] == DetectedBox(29.0, 0.0, 30.0, 1.0, "smoke", pytest.approx(0.9))
