"""Paths that somebody else wrote stay inside, and tell nothing of what lies outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_shared.confined import OutsideError, inside, relative


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files" / "weights").mkdir(parents=True)
    (tmp_path / "files" / "weights" / "a.pt").write_bytes(b"")
    (tmp_path / "outside.pt").write_bytes(b"")
    return tmp_path / "files"


def test_what_lies_inside_is_found(folder: Path) -> None:
    assert inside(folder, "weights/a.pt") == folder.resolve() / "weights" / "a.pt"
    (folder / "b.pt").symlink_to("weights/a.pt")
    assert inside(folder, "b.pt") == folder.resolve() / "weights" / "a.pt"


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "~/x", "../outside.pt", "weights/../../outside.pt", "a\0b", "a\nb", "..", "c:\\x"],
)
def test_what_goes_out_by_its_letters(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="use a"):
        relative(name)
    with pytest.raises(OutsideError):
        inside(folder, name)


def test_a_link_out_reads_like_a_file_that_is_missing(folder: Path) -> None:
    (folder / "there.pt").symlink_to("/etc/hostname")
    (folder / "gone.pt").symlink_to("/etc/no-such-file")
    (folder / "round.pt").symlink_to("round.pt")
    said = set()
    for name in ("there.pt", "gone.pt", "none.pt", "round.pt"):
        with pytest.raises(OutsideError) as caught:
            inside(folder, name)
        said.add(str(caught.value).replace(name, "x"))
    assert said == {"'x' is not there, below 'files'"}
