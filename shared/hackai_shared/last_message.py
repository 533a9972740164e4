"""The message that needs neither disk nor Redis: straight to the Bot API or to a webhook, once per cause.

The ordinary way of a notice leads through Redis, a database and the notifier. When one of these is what failed,
somebody must still hear of it. Only the standard library is used, so that nothing has to be installed for it, and
every request is bounded.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional, Sequence

import structlog

from hackai_shared.config import HackAIConfig
from hackai_shared.config.chat_address import ChatAddress

log = structlog.get_logger(__name__)

TIMEOUT_S = 8.0
# Several chats are told one after the other; a dead network must not hold up the restart that the message is about.
BUDGET_REQUESTS = 12
# A cause that comes back within this time is not a new one: whoever is told of every restart stops reading.
QUIET_S = 600.0
# An outage of the same cause that lasts so long is told whatever was told before.
LASTING_S = 20.0

Post = Callable[[str, Dict[str, object], float], None]


class NotSent(Exception):
    """A receiver did not take the message; the text never holds the address, which may hold a secret."""


@dataclass(frozen=True)
class Target:
    """One receiver: an address that takes JSON, and what goes with the text."""

    name: str
    url: str
    fields: Dict[str, object]

    def __repr__(self) -> str:
        return f"Target({self.name!r})"


def targets_of(config: HackAIConfig, telegram_token: Optional[str]) -> List[List[Target]]:
    """Return who is told, in groups: a group is tried only where nobody of the one before could be reached.

    Administrators first, then the chats that receive alarms, then the webhooks.
    """
    telegram = config.notifier.telegram
    groups: List[List[Target]] = []
    if telegram_token and telegram.enabled:
        url = f"{telegram.api_url.rstrip('/')}/bot{telegram_token}/sendMessage"
        others = [chat for chat in telegram.chats if chat not in telegram.admins]
        groups += [
            [Target(f"telegram {chat}", url, _chat_fields(chat)) for chat in chats]
            for chats in (telegram.admins, others)
        ]
    groups.append(
        [
            Target(f"webhook {hook.name}", hook.url.get_secret_value(), {"schema_version": 1, "step": "notice"})
            for hook in config.notifier.webhooks
        ]
    )
    return [group for group in groups if group]


def _chat_fields(chat: ChatAddress) -> Dict[str, object]:
    topic = {} if chat.thread is None else {"message_thread_id": chat.thread}
    return {"chat_id": int(chat), **topic}


def telegram_token(environment: Optional[Dict[str, str]] = None) -> Optional[str]:
    """Return the bot token of HACKAI_TELEGRAM_TOKEN or of the file HACKAI_TELEGRAM_TOKEN_FILE; None: there is none."""
    variables = dict(os.environ) if environment is None else environment
    given = variables.get("HACKAI_TELEGRAM_TOKEN", "").strip()
    path = variables.get("HACKAI_TELEGRAM_TOKEN_FILE")
    if given or not path:
        return given or None
    try:
        return Path(path).read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        log.warning("the bot token cannot be read", file=path, error=str(error))
        return None


def post_json(url: str, body: Dict[str, object], timeout_s: float) -> None:
    """POST JSON.

    Raises:
        NotSent: no answer in time, or one that is no success.
    """
    if not url.startswith(("http://", "https://")):
        raise NotSent("the address is no http(s) URL")
    request = urllib.request.Request(  # noqa: S310
        url, json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        raise NotSent(f"answered {error.code}") from None
    except (OSError, ValueError) as error:
        raise NotSent(type(error).__name__) from None


def send_now(groups: Iterable[Sequence[Target]], text: str, *, post: Post = post_json) -> List[str]:
    """Send a text to the first group of which anybody can be reached; return the names of those reached. Blocks."""
    left = BUDGET_REQUESTS
    for group in groups:
        reached = []
        for target in group[:left]:
            left -= 1
            try:
                post(target.url, {**target.fields, "text": text}, TIMEOUT_S)
                reached.append(target.name)
            except NotSent as error:
                log.error("the last message did not reach", target=target.name, reason=str(error))
        if reached:
            return reached
    return []


@dataclass
class _Cause:
    since: float
    times: int = 1
    told: bool = False
    told_at: Optional[float] = None
    over_at: Optional[float] = None


class CauseBook:
    """Decides what is told: each cause once, its end once, and a cause that keeps coming back not every time. Pure.

    All times are seconds of one steady clock.
    """

    def __init__(self) -> None:
        self._causes: Dict[str, _Cause] = {}

    def begin(self, cause: str, now: float) -> bool:
        """Note that a cause is there; return whether it has to be told now."""
        known = self._causes.get(cause)
        if known is None or (known.over_at is not None and now - known.over_at > QUIET_S):
            self._causes[cause] = _Cause(now, told=True, told_at=now)
            return True
        if known.over_at is not None:
            known.since, known.over_at, known.told = now, None, False
            known.times += 1
        if not known.told and now - known.since >= LASTING_S:
            known.told, known.told_at = True, now
            return True
        return False

    def end(self, cause: str, now: float) -> Optional[float]:
        """Note that a cause is gone; return how many seconds it lasted where its end has to be told."""
        known = self._causes.get(cause)
        if known is None or known.over_at is not None:
            return None
        known.over_at = now
        return now - known.since if known.told else None

    def times(self, cause: str) -> int:
        """Return how often a cause came lately."""
        known = self._causes.get(cause)
        return 0 if known is None else known.times

    def lasting(self, now: float) -> List[str]:
        """Return the causes that were not told when they came back and that have lasted too long since."""
        return [
            name
            for name, cause in self._causes.items()
            if cause.over_at is None and not cause.told and now - cause.since >= LASTING_S
        ]
