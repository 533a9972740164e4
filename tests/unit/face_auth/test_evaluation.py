"""Figures and their bounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.face_auth.conftest import Embeddings

from hackai_face_auth.evaluation.bounds import rate, upper_bound
from hackai_face_auth.evaluation.calibration import calibrate
from hackai_face_auth.evaluation.folder import FolderError, Pair, people_in, read_pairs
from hackai_face_auth.evaluation.open_set import evaluate_open_set
from hackai_face_auth.evaluation.verification import evaluate_pairs, threshold_for


def test_known_intervals() -> None:
    # Clopper-Pearson: 0 of 100 has the upper bound 1 - 0.025 ** (1 / 100).
    assert rate(0, 100).high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert (rate(0, 100).low, rate(100, 100).high) == (0.0, 1.0)
    assert rate(5, 10).low == pytest.approx(0.1871, abs=1e-4)
    assert rate(0, 0).high == 1.0
    assert upper_bound(0, 3000) == pytest.approx(3 / 3000, rel=0.01)  # the rule of three
    assert upper_bound(2, 2) == 1.0


def test_the_threshold_accepts_no_more_than_wanted() -> None:
    scores = np.linspace(-0.2, 0.4, 1001).astype(np.float32)
    for far in (1e-3, 1e-2, 0.1):
        threshold = threshold_for(scores, far)
        assert (scores >= threshold).sum() == int(far * 1001)
    assert threshold_for(scores, 1e-6) > 0.4


def test_rates_of_pairs() -> None:
    pairs = [Pair("a", "b", True)] * 4 + [Pair("a", "c", False)] * 1000
    scores = np.array([0.9, 0.8, 0.3, -1.0] + [0.1] * 999 + [0.5], np.float32)
    result = evaluate_pairs(pairs, scores, threshold=0.6)
    assert (result.genuine, result.impostor, result.undetected_pairs) == (4, 1000, 1)
    assert (result.at_threshold.tar.events, result.at_threshold.far.events) == (2, 0)
    assert (result.points[0].tar.events, result.points[0].far.events) == (3, 1)
    assert [point.resolvable for point in result.points] == [True, False]


def test_calibration_leaves_repeated_pictures_out(embedding: Embeddings) -> None:
    faces = np.stack([embedding(n) for n in range(50)] + [embedding(0)])
    result = calibrate(faces, 1e-2, floor=0.05)
    assert result.same_picture == 1
    assert result.pairs == 51 * 50 // 2 - 1
    assert result.false_accepts / result.pairs <= 1e-2
    assert result.highest < 0.3
    assert not calibrate(faces, 1e-6).supported


def test_open_set(embedding: Embeddings, tmp_path: Path) -> None:
    faces = {f"{name}{n}.jpg": embedding(i) for i, name in enumerate(("ada", "bob")) for n in range(3)}
    faces["s.jpg"] = embedding(77)
    people = {name: [Path(f"{name}{n}.jpg") for n in range(3)] for name in ("ada", "bob")}
    result = evaluate_open_set(
        people,
        [Path("s.jpg"), Path("gone.jpg")],
        lambda path: faces.get(path.name),
        photos=1,
        threshold=0.35,
        margin=0.05,
    )
    assert (result.people, result.templates) == (2, 2)
    assert (result.identified.events, result.identified.trials) == (4, 4)
    assert (result.false_positives.events, result.false_positives.trials) == (0, 2)


def test_pairs_stay_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "faces"
    (folder / "people" / "ada").mkdir(parents=True)
    (folder / "people" / "ada" / "1.jpg").write_bytes(b"x")
    (tmp_path / "secret.jpg").write_bytes(b"x")
    assert list(people_in(folder)) == ["ada"]
    listed = folder / "pairs.csv"
    listed.write_text("a,b,same\npeople/ada/1.jpg,people/ada/1.jpg,1\n")
    assert read_pairs(listed, folder) == [Pair("people/ada/1.jpg", "people/ada/1.jpg", True)]
    for row, words in (
        ("../secret.jpg,people/ada/1.jpg,0", "outside"),
        ("/etc/hostname,people/ada/1.jpg,0", "outside"),
        ("people/ada/2.jpg,people/ada/1.jpg,0", "not there"),
        ("people/ada/1.jpg,people/ada/1.jpg,2", "columns"),
    ):
        listed.write_text(f"a,b,same\n{row}\n")
        with pytest.raises(FolderError, match=words):
            read_pairs(listed, folder)
