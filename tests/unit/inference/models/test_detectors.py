"""The second look, through a real small detector in ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import pytest

from hackai_inference.models.detectors import SecondLooks, even_at, signs
from hackai_inference.models.versions import NothingToRollBackTo
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.serving.package import PackageError
from small_detector import write_detector


def looks(models: Path, **detector: object) -> SecondLooks:
    """The versions of a detector, none loaded yet."""
    wanted = {"model": "fire-detector", **detector}
    config = InferenceConfig.model_validate({"runtime": "onnxruntime", "max_pixels": 10**6, "detector": wanted})
    return SecondLooks(models, models / "state", config)


@pytest.fixture
def models(tmp_path: Path, make_package: Callable[..., Path]) -> Path:
    """A folder of models with a detector in it."""
    write_detector(make_package, tmp_path)
    return tmp_path


def picture(red: int, green: int) -> bytes:
    pixels = np.full((90, 160, 3), (0, green, red), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def test_boxes_carry_our_labels_and_an_even_chance_at_their_threshold(models: Path) -> None:
    second = looks(models).load()

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
    second = looks(models, min_score=0.2).load()

    assert [box.label for box in second.find(picture(red=80, green=0))] == ["fire"]


def test_boxes_that_are_only_drawn_are_no_sign(tmp_path: Path, make_package: Callable[..., Path]) -> None:
    write_detector(make_package, tmp_path, drawn_fire=0.2)
    second = looks(tmp_path).load()

    (weak,) = second.find(picture(red=80, green=80))

    assert weak.label == "fire"
    assert weak.score == pytest.approx(0.5 * 80 / 255 / 0.4, abs=0.01)
    assert signs([weak]) == []
    assert len(signs(second.find(picture(red=200, green=0)))) == 1


@pytest.mark.parametrize(("score", "expected"), [(0.0, 0.0), (0.2, 0.25), (0.4, 0.5), (0.7, 0.75), (1.0, 1.0)])
def test_scores_are_bent_at_the_threshold(score: float, expected: float) -> None:
    assert even_at(0.4, score) == pytest.approx(expected)


def test_a_missing_or_wrong_package_is_named(models: Path, make_package: Callable[..., Path]) -> None:
    make_package(models, 1, name="classifier")

    with pytest.raises(PackageError, match="no folder"):
        looks(models, model="nothing").load()
    with pytest.raises(PackageError, match="not a detector"):
        looks(models, model="classifier").load()
    with pytest.raises(PackageError, match="not set"):
        looks(models, model=None)


def test_the_version_that_looks_is_switched_and_stays_over_a_restart(
    models: Path, make_package: Callable[..., Path]
) -> None:
    write_detector(make_package, models, 2)
    detectors = looks(models)

    assert detectors.load().ref.version == 2
    assert detectors.activate("fire-detector", 1).ref.version == 1
    assert [box.label for box in detectors.find(picture(red=200, green=0))] == ["fire"]
    assert looks(models).load().ref.version == 1
    assert detectors.rollback("fire-detector").ref.version == 2
    with pytest.raises(NothingToRollBackTo):
        detectors.rollback("fire-detector")


def test_a_detector_without_a_gate_report_does_not_look_and_the_former_one_goes_on(
    models: Path, make_package: Callable[..., Path]
) -> None:
    detectors = looks(models)
    detectors.load()
    manifest = write_detector(make_package, models, 2) / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "gate": None}))

    with pytest.raises(PackageError, match="no gate report"):
        detectors.activate("fire-detector", 2)
    assert detectors.active.ref.version == 1
