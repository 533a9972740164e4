"""The service token of a single machine."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hackai_standalone.service_token import kept_service_token


def test_it_is_made_once_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HACKAI_SERVICE_TOKEN", raising=False)
    data = tmp_path / "data"
    token = kept_service_token(data)
    assert len(token) >= 32
    assert kept_service_token(data) == token
    assert stat.S_IMODE((data / "service.token").stat().st_mode) == 0o600


def test_a_configured_one_wins_and_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HACKAI_SERVICE_TOKEN", "c" * 40)
    assert kept_service_token(tmp_path) == "c" * 40
    assert list(tmp_path.iterdir()) == []
