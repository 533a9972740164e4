"""Addresses and secrets of the notifier."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from hackai_shared.settings import ServiceSettings

_TOKEN = re.compile(r"^\d{1,20}:[A-Za-z0-9_-]{3,}$")


class NotifierSettings(ServiceSettings):
    """``HACKAI_…`` variables of the notifier."""

    notifier_port: int = Field(8083, ge=0, le=65_535, description="port of the HTTP interface")
    telegram_token: SecretStr | None = Field(None, description="token of the bot, from @BotFather")
    telegram_timeout_s: float = Field(15.0, gt=0, le=300, description="seconds per message; uploads get more")
    camera_url: str = Field("http://127.0.0.1:8081", description="address of the camera service")
    inference_url: str = Field("http://127.0.0.1:8082", description="address of the inference service")
    dashboard_url: str | None = Field(None, description="address of the dashboard, for /code")

    @field_validator("telegram_token")
    @classmethod
    def _token_form(cls, token: SecretStr | None) -> SecretStr | None:
        if token is None or not token.get_secret_value().strip():
            return None
        if not _TOKEN.match(token.get_secret_value().strip()):
            # The value itself must not appear in the message.
            raise ValueError("a bot token looks like 123456789:AAE… (ask @BotFather)")
        return SecretStr(token.get_secret_value().strip())
