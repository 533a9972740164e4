"""Will an alarm reach a phone?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import httpx

from hackai_shared.redaction import redact
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "telegram"


def check(patient: Patient) -> Iterable[Finding]:
    """Ask Telegram who the bot is, and look whether anybody would be told."""
    if patient.config is None:
        return
    telegram = patient.config.notifier.telegram
    token = _token(patient.environment)
    if not telegram.enabled or not token:
        yield Finding(
            NAME,
            "warning",
            "no bot: alarms go to the console and to webhooks only",
            "make a bot with @BotFather and set HACKAI_TELEGRAM_TOKEN or HACKAI_TELEGRAM_TOKEN_FILE",
        )
        return
    if not telegram.chats:
        yield Finding(
            NAME, "problem", "no chat is allowed", "send /start to the bot and put the id it answers under chats:"
        )
    yield _identity(telegram.api_url, token)


def _identity(api_url: str, token: str) -> Finding:
    try:
        answer = httpx.get(f"{api_url}/bot{token}/getMe", timeout=10).json()
    except (httpx.HTTPError, ValueError) as error:
        return Finding(NAME, "problem", f"{api_url} does not answer: {redact(str(error))}", "check the network")
    if not answer.get("ok"):
        return Finding(
            NAME,
            "problem",
            f"Telegram refuses the token: {answer.get('description')}",
            "take a new one from @BotFather",
        )
    return Finding(NAME, "ok", f"the bot is @{answer['result'].get('username')}")


def _token(environment: dict[str, str]) -> str | None:
    path = environment.get("HACKAI_TELEGRAM_TOKEN_FILE")
    if path is None:
        return environment.get("HACKAI_TELEGRAM_TOKEN")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None
