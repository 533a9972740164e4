from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from hackai_compression.datasets.boxes import read_yolo_folder
from hackai_compression.datasets.fingerprint import fingerprint
from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.merge import attach_boxes
from hackai_compression.datasets.samples import FIRE_CLASSES, Dataset, Sample
from hackai_compression.datasets.split import split_by_group
from hackai_compression.errors import DatasetError


def made_up(count: int, group_of: int = 3) -> Dataset:
    samples = [
        Sample(Path(f"{i}.jpg"), FIRE_CLASSES[i % 3], f"source{i % 2}", f"group{i // group_of}") for i in range(count)
    ]
    return Dataset(FIRE_CLASSES, tuple(samples))


def test_groups_stay_together_and_nothing_is_lost() -> None:
    dataset = made_up(600)
    training, validation = split_by_group(dataset, 0.2, seed=0)
    assert not {s.group for s in training.samples} & {s.group for s in validation.samples}
    assert len(training) + len(validation) == 600
    assert 0.17 < len(validation) / 600 < 0.22
    assert set(Counter(s.label for s in validation.samples)) == set(FIRE_CLASSES)


def test_a_split_depends_on_the_seed_and_not_on_what_is_added() -> None:
    dataset = made_up(300)
    held = {s.path for s in split_by_group(dataset, 0.2, seed=0)[1].samples}
    assert held == {s.path for s in split_by_group(dataset, 0.2, seed=0)[1].samples}
    assert held != {s.path for s in split_by_group(dataset, 0.2, seed=1)[1].samples}


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(DatasetError):
        split_by_group(made_up(10, group_of=10), 0.2, seed=0)


def test_manifest_gives_source_and_group(picture_folder: Path) -> None:
    name = "train/fire/train-fire-0.jpg"
    (picture_folder / "manifest.csv").write_text(f"file,source,group\n{name},somewhere,7\n")
    dataset = read_image_folder(picture_folder / "train", FIRE_CLASSES)
    first = dataset.samples[0]
    assert (first.source, first.group, first.label) == ("somewhere", "7", "fire")
    assert dataset.samples[1].source == "train"
    assert dataset.counts() == dict.fromkeys(FIRE_CLASSES, 8)


def test_a_missing_class_and_a_broken_manifest_are_named(picture_folder: Path) -> None:
    with pytest.raises(DatasetError, match="smoke"):
        read_image_folder(picture_folder / "train", ("fire", "smoke"))
    (picture_folder / "manifest.csv").write_text("file,source\n")
    with pytest.raises(DatasetError, match="group"):
        read_image_folder(picture_folder / "train")


def test_yolo_boxes_decide_the_class(tmp_path: Path) -> None:
    for name in ("images", "labels"):
        (tmp_path / name / "train").mkdir(parents=True)
    for name, text in (("a_1", "0 0.5 0.5 0.2 0.4\n1 0.1 0.1 0.1 0.1\n"), ("a_2", "1 0.5 0.5 0.5 0.5\n"), ("b_3", "")):
        cv2.imwrite(str(tmp_path / "images" / "train" / f"{name}.jpg"), np.zeros((8, 8, 3), np.uint8))
        (tmp_path / "labels" / "train" / f"{name}.txt").write_text(text)
    dataset = read_yolo_folder(tmp_path, "train")
    assert [s.label for s in dataset.samples] == ["fire", "start_fire", "no_fire"]
    box = dataset.samples[0].boxes[0]
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.4, 0.3, 0.6, 0.7))
    known = Dataset(FIRE_CLASSES, (Sample(Path("elsewhere/a_1.jpg"), "fire", "a", "1"),))
    enriched, new = attach_boxes(known, dataset)
    assert len(enriched.samples[0].boxes) == 2
    assert [s.path.stem for s in new] == ["a_2", "b_3"]


def test_a_broken_label_file_is_named_with_its_line(tmp_path: Path) -> None:
    for name in ("images", "labels"):
        (tmp_path / name / "train").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "images" / "train" / "a.jpg"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "labels" / "train" / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n9 0 0 0 0\n")
    with pytest.raises(DatasetError, match=r"a\.txt:2"):
        read_yolo_folder(tmp_path, "train")


def test_the_fingerprint_follows_content_and_label_alone(picture_folder: Path, tmp_path: Path) -> None:
    samples = list(read_image_folder(picture_folder / "train", FIRE_CLASSES).samples)
    before = fingerprint(samples)
    assert fingerprint(samples[::-1]) == before
    moved = tmp_path / "elsewhere.jpg"
    moved.write_bytes(samples[0].path.read_bytes())
    assert fingerprint([Sample(moved, "fire", "x", "y"), *samples[1:]]) == before
    assert fingerprint([Sample(moved, "no_fire", "x", "y"), *samples[1:]]) != before
