"""hackai_compression.datasets.boxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.datasets.boxes import read_boxes, read_yolo_folder
from hackai_compression.errors import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("images", "labels"):
        (tmp_path / kind / "val").mkdir(parents=True)
    (tmp_path / "images/val/a_1.png").write_bytes(b"")
    (tmp_path / "labels/val/a_1.txt").write_text("1 0.5 0.5 0.2 0.4\n", encoding="utf-8")
    return tmp_path


def test_numbers_mean_what_the_folder_says(folder: Path) -> None:
    assert read_yolo_folder(folder, "val").samples[0].boxes[0].kind == "smoke"
    (folder / "data.yaml").write_text("names: [smoke, fire]\n", encoding="utf-8")
    (sample,) = read_yolo_folder(folder, "val").samples
    assert (sample.boxes[0].kind, sample.label, sample.source) == ("fire", "fire", "boxes-a")


@pytest.mark.parametrize("text", ["path: .\n", "names: 3\n", "names: {1: fire}\n", "- x\n", "{"])
def test_a_description_without_names_is_an_error(folder: Path, text: str) -> None:
    (folder / "data.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="names"):
        read_yolo_folder(folder, "val")


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("0 0.5 0.5 0.2 0.4\n\n7 0.5 0.5 0.2 0.4\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"x\.txt:3"):
        read_boxes(tmp_path / "x.txt")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0 0.1 0.1 0.4 0.1 0.4 0.5 0.1 0.5", "a polygon (9 values); export the labels as boxes: class cx cy w h"),
        ("0 0.5 0.5 0.2 0.4 0.97", "perhaps a prediction with its score"),
        ("0 0.5 0.5 0.2", "expected `class cx cy w h`"),
        ("fire 0.5 0.5 0.2 0.4", "expected `class cx cy w h`: a whole number and four fractions"),
        ("0 320 240 64 64", "divide pixels by the picture's width and height"),
        ("0 0.5 0.5 0 0.4", "a size more than 0"),
        ("0 0.5 nan 0.1 0.4", "each is a fraction"),
        ("-1 0.5 0.5 0.2 0.4", "class -1 is not one of 0 fire, 1 smoke; correct the label, or `names` in data.yaml"),
        ("2 0.5 0.5 0.2 0.4", "class 2 is not one of 0 fire, 1 smoke"),
    ],
)
def test_a_line_that_is_no_box_is_never_read_as_one(tmp_path: Path, line: str, expected: str) -> None:
    (tmp_path / "x.txt").write_text(f"0 0.5 0.5 0.2 0.4\n{line}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"x\.txt:2: ") as caught:
        read_boxes(tmp_path / "x.txt")
    assert expected in str(caught.value)


@pytest.mark.parametrize(("name", "label"), [("Fire", "fire"), ("FLAME", "fire"), ("Smoke", "start_fire")])
def test_a_class_is_known_in_any_case(folder: Path, name: str, label: str) -> None:
    (folder / "data.yaml").write_text(f"names: [person, {name}]\n", encoding="utf-8")
    (sample,) = read_yolo_folder(folder, "val").samples
    assert sample.label == label


def test_labels_are_not_followed_out_of_the_data_set(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.txt"
    secret.write_text("hunter2\n", encoding="utf-8")
    (folder / "labels/val/a_1.txt").unlink()
    (folder / "labels/val/a_1.txt").symlink_to(secret)
    with pytest.raises(DatasetError, match="leads out of the data set") as caught:
        read_yolo_folder(folder, "val")
    assert "hunter2" not in str(caught.value)
    (folder / "labels/val/a_1.txt").unlink()
    (folder / "data.yaml").symlink_to(secret)
    with pytest.raises(DatasetError, match="leads out of the data set"):
        read_yolo_folder(folder, "val")


def test_a_picture_without_a_label_file_has_no_boxes(tmp_path: Path) -> None:
    assert read_boxes(tmp_path / "none.txt") == ()


HEAD = "file,source,group,boxed,licence\n"


def test_sources_and_what_was_boxed_are_read(folder: Path) -> None:
    (folder / "sources.csv").write_text(HEAD + "val/a_1.png,web,g7,smoke,none\n", encoding="utf-8")
    (sample,) = read_yolo_folder(folder, "val").samples
    assert (sample.source, sample.group, sample.unboxed) == ("boxes-web", "web/g7", ("fire",))


def test_a_picture_without_a_row_is_fully_boxed(folder: Path) -> None:
    (folder / "sources.csv").write_text(HEAD + "val/b_1.png,web,g7,smoke,none\n", encoding="utf-8")
    assert read_yolo_folder(folder, "val").samples[0].unboxed == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,source\n", "lacks the column"),
        (HEAD + "val/a_1.png,web,g7,steam,none\n", "sources.csv:2"),
        (HEAD + "val/a_1.png,web,g7,,none\n", "sources.csv:2"),
    ],
)
def test_wrong_sources_are_named(folder: Path, text: str, message: str) -> None:
    (folder / "sources.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_yolo_folder(folder, "val")
