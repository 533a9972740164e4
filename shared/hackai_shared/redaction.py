"""Credentials never reach a log, a metric or an error message."""

from __future__ import annotations

import re

# RTSP and HTTP cameras carry the password in the authority; some also take it as a query parameter.
_AUTHORITY = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^/\s@]+(?:@[^/\s@]*)*)@")
_QUERY = re.compile(
    r"(?P<key>[?&](?:user|usr|username|pwd|pass|password|token|key|secret|auth)=)[^&\s'\"]*", re.IGNORECASE
)
_BOT_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")


def redact(text: str) -> str:
    """Return ``text`` with the credentials of URLs and Telegram bot tokens replaced by ``***``."""
    text = _AUTHORITY.sub(lambda m: m.group("scheme") + "***@", text)
    text = _QUERY.sub(lambda m: m.group("key") + "***", text)
    return _BOT_TOKEN.sub("***", text)
