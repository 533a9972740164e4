"""The webhook channel: one POST per step, JSON or multipart with the picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from hackai_notifier.channels.base import (
    Delivery,
    PermanentFailure,
    RateLimited,
    Receipt,
    RefusedForNow,
    TemporaryFailure,
)
from hackai_notifier.texts.wording import plain
from hackai_shared.config.notifications import WebhookConfig
from hackai_shared.redaction import redact

_DEFAULT_RETRY_AFTER_S = 5.0
_LONGEST_RETRY_AFTER_S = 3600.0
MAX_REDIRECTS = 3
# The receiver does not take this step, and will not take it later: not understood, too large, of the wrong kind.
_FINAL = (400, 413, 415, 422)
_FILES = {
    "photo": ("photo.jpg", "image/jpeg"),
    "update_photo": ("update_photo.jpg", "image/jpeg"),
    "clip": ("clip.mp4", "video/mp4"),
}


class WebhookChannel:
    """Posts to the configured URLs; any 2xx is a delivery.

    The header ``Idempotency-Key`` is the same for every attempt of a step (an edit's carries its version), so that a
    receiver can drop the repeat after a lost answer.
    """

    def __init__(self, hooks: Mapping[str, WebhookConfig]) -> None:
        self._hooks = hooks
        self._http = httpx.AsyncClient(follow_redirects=False)

    async def send(self, delivery: Delivery) -> Receipt:
        """POST a step.

        A redirect that repeats the POST (307, 308) is followed within the same host.

        Raises:
            TemporaryFailure: network, 408, 425, 5xx.
            RateLimited: 429.
            PermanentFailure: the step itself is refused, or the webhook is not configured any more.
            RefusedForNow: any other answer.
        """
        hook = self._hooks.get(delivery.address)
        if hook is None:
            raise PermanentFailure(f"webhook {delivery.address} is not configured any more")
        key = f"{delivery.key}:{delivery.incident.version}" if delivery.step == "edit" else delivery.key
        payload = json.dumps(body_of(delivery))
        options: dict[str, Any] = {"content": payload, "headers": {"content-type": "application/json"}}
        if delivery.media is not None:
            name, kind = _FILES[delivery.step]
            options = {"files": {"payload": (None, payload, "application/json"), "file": (name, delivery.media, kind)}}
        options.setdefault("headers", {})["idempotency-key"] = key
        try:
            answer = await self._post(hook, options)
        except httpx.InvalidURL:  # its message quotes the address, which is a secret
            raise PermanentFailure(f"webhook {hook.name}: its address cannot be used") from None
        except httpx.HTTPError as error:
            raise TemporaryFailure(f"webhook {hook.name}: {type(error).__name__} {redact(str(error))}") from error
        _check(hook.name, answer)
        return Receipt(message_id=answer.headers.get("x-message-id"), detail=f"{answer.status_code}")

    async def _post(self, hook: WebhookConfig, options: dict[str, Any]) -> httpx.Response:
        url = httpx.URL(hook.url.get_secret_value())
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._http.post(url, timeout=hook.timeout_s, **options)
            if answer.status_code not in (307, 308):
                return answer
            target = url.join(answer.headers.get("location", ""))
            # An alarm with its pictures goes to nobody whom the operator did not name, and never without encryption
            # where encryption was asked for.
            if target.host != url.host or (url.scheme == "https" and target.scheme != "https"):
                raise RefusedForNow(
                    f"webhook {hook.name} answered {answer.status_code} to another address; "
                    "if that is right, put the new address into the configuration"
                )
            url = target.copy_with(username=url.username or None, password=url.password or None)
        raise RefusedForNow(f"webhook {hook.name} redirects more than {MAX_REDIRECTS} times")

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()


def body_of(delivery: Delivery) -> dict[str, Any]:
    """Return the JSON of a step."""
    incident = delivery.incident
    return {
        "schema_version": 1,
        "step": delivery.step,
        "text": plain(delivery.text),
        "silent": delivery.silent,
        "open": incident.open,
        "acknowledged_by": incident.acknowledged.by if incident.acknowledged else None,
        "false_alarm_by": incident.false_alarm.by if incident.false_alarm else None,
        "incident": incident.event.model_dump(mode="json"),
    }


def _check(name: str, answer: httpx.Response) -> None:
    if answer.is_success:
        return
    reason = f"webhook {name} answered {answer.status_code}"
    if answer.status_code == 429:
        raise RateLimited(reason, _retry_after_s(answer))
    if answer.status_code in (408, 425) or answer.status_code >= 500:
        raise TemporaryFailure(reason)
    if answer.status_code in _FINAL:
        raise PermanentFailure(reason)
    raise RefusedForNow(reason)


def _retry_after_s(answer: httpx.Response) -> float:
    try:
        seconds = float(answer.headers.get("retry-after", ""))
    except ValueError:  # absent, or a date: receivers of webhooks hardly send one
        return _DEFAULT_RETRY_AFTER_S
    return min(_LONGEST_RETRY_AFTER_S, max(0.0, seconds))
