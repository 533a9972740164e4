"""The service token of an installation in containers."""

from __future__ import annotations

import stat
from pathlib import Path

from hackai_shared.security.service_token import MIN_CHARS
from hackai_shared.security.token_file import keep_token_file


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "service.token"
    (tmp_path / "service.part").write_text("half a tok")  # of a start that was interrupted

    assert keep_token_file(path)
    first = path.read_text()
    assert not keep_token_file(path)

    assert path.read_text() == first
    assert len(first.strip()) >= MIN_CHARS
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    assert [file.name for file in tmp_path.iterdir()] == ["service.token"]
