"""Credentials never reach a log, a metric or an error message."""

from __future__ import annotations

import re

# RTSP and HTTP cameras carry the password in front of the host. It may hold "/", "#", "?" and "@" where nobody encoded
# them, so everything up to the last "@" goes: rather a part of a path too many than a part of a password too few.
_AUTHORITY = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)\S*@")
_WHOLE_URL = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://).*@", re.DOTALL)
# Some also take it as a query parameter.
_QUERY = re.compile(
    r"(?P<key>[?&](?:user|usr|username|loginuse|loginpas|pwd|pass|passwd|password|token|access_token|key|api_?key|secret"
    r"|auth)=)[^&\s'\"]*",
    re.IGNORECASE,
)
_BOT_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")


def redact(text: str) -> str:
    """Return ``text`` with the credentials of URLs and Telegram bot tokens replaced by ``***``."""
    return _redact_rest(_AUTHORITY.sub(_hidden, text))


def redact_url(url: str) -> str:
    """Return a string that is one URL, and nothing else, without its credentials, also where they hold spaces."""
    return _redact_rest(_WHOLE_URL.sub(_hidden, url))


def _redact_rest(text: str) -> str:
    text = _QUERY.sub(lambda m: m.group("key") + "***", text)
    return _BOT_TOKEN.sub("***", text)


def _hidden(match: "re.Match[str]") -> str:
    return match.group("scheme") + "***@"
