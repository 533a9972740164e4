"""The second look, through a real small detector in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest

from hackai_inference.detecting import even_at, load_second_look
from hackai_shared.config.detection import DetectorConfig
from hackai_shared.serving.package import PackageError
from small_detector import write_detector

CONFIG = DetectorConfig(model="fire-detector")


@pytest.fixture
def models(tmp_path: Path, make_package: Callable[..., Path]) -> Path:
    """A folder of models with a detector in it."""
    write_detector(make_package, tmp_path)
    return tmp_path


def picture(red: int, green: int) -> bytes:
    pixels = np.full((90, 160, 3), (0, green, red), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def test_boxes_carry_our_labels_and_an_even_chance_at_their_threshold(models: Path) -> None:
    second = load_second_look(models, CONFIG, runtime="onnxruntime", threads=1, max_pixels=10**6)

    (fire,) = second.find(picture(red=102, green=0))
    (smoke,) = second.find(picture(red=0, green=204))

    assert second.ref.name == "fire-detector"
    assert (fire.label, fire.source) == ("fire", "detector")
    assert (fire.x1, fire.y1, fire.x2, fire.y2) == pytest.approx((0.25, 0.5, 0.75, 1.0))
    assert fire.score == pytest.approx(0.5, abs=0.01)
    assert smoke.label == "start_fire"
    assert smoke.score == pytest.approx(0.5 + 0.5 * 0.4 / 0.6, abs=0.01)
    assert second.find(picture(red=80, green=80)) == []


def test_the_configuration_can_set_the_score_that_counts(models: Path) -> None:
    config = CONFIG.model_copy(update={"min_score": 0.2})
    second = load_second_look(models, config, runtime="onnxruntime", threads=1, max_pixels=10**6)

    assert [box.label for box in second.find(picture(red=80, green=0))] == ["fire"]


@pytest.mark.parametrize(("score", "expected"), [(0.0, 0.0), (0.2, 0.25), (0.4, 0.5), (0.7, 0.75), (1.0, 1.0)])
def test_scores_are_bent_at_the_threshold(score: float, expected: float) -> None:
    assert even_at(0.4, score) == pytest.approx(expected)


def test_a_missing_or_wrong_package_is_named(models: Path, make_package: Callable[..., Path]) -> None:
    make_package(models, 1, name="classifier")

    def load(name: str | None) -> None:
        load_second_look(models, DetectorConfig(model=name), runtime="onnxruntime", threads=1, max_pixels=10**6)

    with pytest.raises(PackageError, match="no folder"):
        load("nothing")
    with pytest.raises(PackageError, match="not a detector"):
        load("classifier")
    with pytest.raises(PackageError, match="not set"):
        load(None)
