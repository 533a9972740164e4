from pathlib import Path

import pytest

from hackai_notifier.settings import NotifierSettings
from hackai_shared.settings import SettingsError, read_settings


def test_the_token_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    secret.write_text("123456:ABC-def_123\n")
    monkeypatch.setenv("HACKAI_TELEGRAM_TOKEN_FILE", str(secret))

    token = read_settings(NotifierSettings).telegram_token

    assert token is not None
    assert token.get_secret_value() == "123456:ABC-def_123"


def test_an_empty_token_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HACKAI_TELEGRAM_TOKEN", "")

    assert read_settings(NotifierSettings).telegram_token is None


def test_a_wrong_token_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HACKAI_TELEGRAM_TOKEN", "my secret")

    with pytest.raises(SettingsError, match="HACKAI_TELEGRAM_TOKEN") as error:
        read_settings(NotifierSettings)
    assert "secret" not in str(error.value)
