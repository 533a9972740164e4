"""hackai_compression.datasets.listing: what only seems to be a picture of the data set is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.errors import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "set" / "train"
    for label in ("fire", "no_fire"):
        (folder / label).mkdir(parents=True)
        (folder / label / "a.jpg").write_bytes(b"")
    return folder


def test_links_inside_the_data_set_are_followed(folder: Path) -> None:
    (folder / "fire" / "b.jpg").symlink_to(folder / "no_fire" / "a.jpg")
    assert read_image_folder(folder).counts() == {"fire": 2, "no_fire": 1}


@pytest.mark.parametrize("target", ["/etc/hostname", "../../../outside.jpg"])
def test_links_that_lead_out_are_refused(folder: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.jpg").write_bytes(b"")
    (folder / "fire" / "b.jpg").symlink_to(target)
    with pytest.raises(DatasetError, match=r"b\.jpg leads out of the data set .*; copy the file into it"):
        read_image_folder(folder, root=folder.parent)


def test_a_linked_class_is_refused_as_well(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.jpg").write_bytes(b"")
    (folder / "start_fire").symlink_to(tmp_path / "outside")
    with pytest.raises(DatasetError, match="leads out of the data set"):
        read_image_folder(folder)


def test_a_link_that_leads_nowhere(folder: Path) -> None:
    (folder / "fire" / "gone.jpg").symlink_to("missing.jpg")
    with pytest.raises(DatasetError, match=r"gone\.jpg is a link that leads nowhere; remove it"):
        read_image_folder(folder)


def test_a_link_to_itself(folder: Path) -> None:
    (folder / "fire" / "round.jpg").symlink_to("round.jpg")
    with pytest.raises(DatasetError, match="leads nowhere"):
        read_image_folder(folder)


def test_a_folder_that_is_called_like_a_picture(folder: Path) -> None:
    (folder / "fire" / "old.jpg").mkdir()
    with pytest.raises(DatasetError, match=r"old\.jpg is called like a file but is a folder; rename it"):
        read_image_folder(folder)
