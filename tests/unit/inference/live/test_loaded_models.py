"""Which models judge a frame, and whose word counts; real small models in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from hackai_inference.decision.camera_rules import CameraRules
from hackai_inference.live.frame_evidence import CameraEvidence
from hackai_inference.live.loaded_models import LoadedModels, load_judges
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig
from hackai_shared.serving.package import PackageError
from small_detector import write_detector

Picture = Callable[..., bytes]
Load = Callable[..., LoadedModels]
SIZE = {"width": 160, "height": 90}


@pytest.fixture
def load(tmp_path: Path, make_package: Callable[..., Path]) -> Load:
    """A function that loads models: ``fire-classifier``, and ``large``, which is less sure of what it sees."""
    make_package(tmp_path / "models", 1)
    make_package(tmp_path / "models", 1, name="large", temperature=1.5)

    def make(**inference: Any) -> LoadedModels:
        config = InferenceConfig.model_validate({"runtime": "onnxruntime", **inference})
        return load_judges(tmp_path / "models", tmp_path / "state", config)

    return make


def sight(**opinion: float) -> CameraEvidence:
    config = InferenceConfig.model_validate({"second_opinion": opinion})
    return CameraEvidence(CameraRules(CameraDetectionConfig(), config.confirmation), config)


def test_the_second_opinion_counts_where_there_is_a_suspicion(load: Load, picture: Picture) -> None:
    judges = load(second_opinion={"model": "large"})
    eyes, camera = judges.eyes(10**6), sight(kept_s=0.5, scan_every_s=10.0)

    def look(label: str, now: float) -> Dict[str, Any]:
        seen = eyes.look(camera, picture(label), now, **SIZE)
        return {
            "by": seen.judgement.judges,
            "fire": seen.judgement.result.probabilities["fire"],
            "first": seen.first.result.probabilities["fire"],
        }

    assert look("no_fire", 0.0)["by"] == judges.names == "fire-classifier/1 + large/1"  # nothing is known yet
    assert look("no_fire", 0.1)["by"] == "fire-classifier/1"
    fire = look("fire", 0.2)
    assert fire["by"] == judges.names
    assert fire["fire"] < fire["first"]
    assert look("no_fire", 0.6)["by"] == judges.names
    assert look("no_fire", 0.8)["by"] == "fire-classifier/1"


def test_a_strained_machine_spares_the_larger_models(load: Load, picture: Picture) -> None:
    eyes = load(second_opinion={"model": "large"}).eyes(10**6)

    seen = eyes.look(sight(), picture("fire"), 0.0, spares=lambda: True, **SIZE)

    assert seen.judgement is seen.first


def test_the_time_of_both_is_counted_and_the_picture_decoded_once(load: Load, picture: Picture) -> None:
    seen = load(second_opinion={"model": "large"}).eyes(10**6).look(sight(), picture("fire"), 0.0, **SIZE)

    assert seen.judgement.pixels is seen.first.pixels
    assert seen.judgement.decode_ms == seen.first.decode_ms
    assert seen.judgement.infer_ms > seen.first.infer_ms


def test_the_detector_is_asked_on_the_word_of_the_second(
    load: Load, picture: Picture, tmp_path: Path, make_package: Callable[..., Path]
) -> None:
    write_detector(make_package, tmp_path / "models")
    judges = load(second_opinion={"model": "large"}, detector={"model": "fire-detector"})

    assert judges.detectors is not None
    assert judges.eyes(10**6).look(sight(), picture("fire"), 0.0, **SIZE).found is not None


def test_the_usual_detector_looks_where_its_package_is(
    load: Load, tmp_path: Path, make_package: Callable[..., Path]
) -> None:
    assert load().detectors is None  # said in the log; the classifier draws

    write_detector(make_package, tmp_path / "models")

    assert load().detectors is not None
    assert load(detector={"model": None}).detectors is None


def test_a_detector_that_was_asked_for_may_not_be_missing(load: Load) -> None:
    with pytest.raises(PackageError, match="no usable version of fire-detector"):
        load(detector={"model": "fire-detector"})


def test_a_strained_machine_is_asked_once_for_opinion_and_detector(
    load: Load, picture: Picture, tmp_path: Path, make_package: Callable[..., Path]
) -> None:
    write_detector(make_package, tmp_path / "models")
    eyes = load(second_opinion={"model": "large"}, detector={"model": "fire-detector"}).eyes(10**6)
    turns = iter([False])  # one look is granted; whoever asked again would be refused

    seen = eyes.look(sight(), picture("fire"), 0.0, spares=lambda: next(turns, True), **SIZE)

    assert seen.judgement is not seen.first
    assert seen.found is not None


@pytest.mark.parametrize("second_opinion", [{}, {"model": None}])
def test_the_usual_one_may_be_missing_or_turned_off(load: Load, second_opinion: Dict[str, Any]) -> None:
    judges = load(second_opinion=second_opinion)

    assert judges.opinion is None
    assert judges.names == "fire-classifier/1"


def test_one_that_was_asked_for_may_not_be_missing(load: Load) -> None:
    with pytest.raises(PackageError, match="no usable version of larger"):
        load(second_opinion={"model": "larger"})


def test_it_must_know_the_same_classes(load: Load, tmp_path: Path, make_package: Callable[..., Path]) -> None:
    make_package(tmp_path / "models", 1, name="others", classes=["fire", "no_fire", "steam"])

    with pytest.raises(PackageError, match=r"others knows .*steam.*same classes"):
        load(second_opinion={"model": "others"})
