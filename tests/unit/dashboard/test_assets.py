from __future__ import annotations

import re
from pathlib import Path

import pytest

from hackai_dashboard.assets import FOLDER, Assets

TEMPLATES = FOLDER.parent / "templates"
# Everything that a page may load beside pictures; the heaviest page loads less than the sum of all files.
MAX_BYTES = 150_000


def test_all_scripts_and_styles_together_stay_small() -> None:
    assert Assets().total_bytes + max(page.stat().st_size for page in TEMPLATES.iterdir()) < MAX_BYTES


def test_a_change_of_any_file_changes_every_address(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    (tmp_path / "b.css").write_text("2")
    before = Assets(tmp_path).url("b.css")
    (tmp_path / "a.js").write_text("3")
    after = Assets(tmp_path)
    assert after.url("b.css") != before
    asset = after.find(before.removeprefix("/static/"))  # a page that was open while the box was updated
    assert asset is not None
    assert asset.media_type.startswith("text/css")
    assert after.find("../secrets") is None
    with pytest.raises(KeyError):
        after.url("c.js")


@pytest.mark.parametrize("page", sorted(TEMPLATES.glob("*.html")), ids=lambda page: page.name)
def test_nothing_inline_and_nothing_from_elsewhere(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", text)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", text)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.js")), ids=lambda file: file.name)
def test_scripts_ask_nobody_else(file: Path) -> None:
    text = file.read_text()
    assert "http://" not in text
    assert "https://" not in text
    assert "eval(" not in text
