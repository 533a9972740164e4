import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from hackai_notifier.channels.base import (
    Delivery,
    PermanentFailure,
    RateLimited,
    RefusedForNow,
    SendFailure,
    TemporaryFailure,
)
from hackai_notifier.channels.webhook import WebhookChannel
from hackai_notifier.incident.incidents import merge
from hackai_notifier.incident.steps import StepName
from hackai_shared.config.notifications import WebhookConfig
from notifier_harness import incident, jpeg

Post = Callable[[Delivery], Awaitable[Any]]


class Receiver:
    """A real HTTP server that answers what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.location: str | None = None
        """Where `/moved` sends on to, with `moved_status`."""
        self.moved_status = 307
        self.seen: list[tuple[dict[str, str], Any]] = []
        self.url = ""

    async def moved(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.moved_status, headers={"location": self.location or "/hook"})

    async def post(self, request: web.Request) -> web.Response:
        if request.content_type == "application/json":
            body: Any = await request.json()
        else:
            form = await request.post()
            file = form["file"]
            assert isinstance(file, web.FileField)
            payload = form["payload"]
            text = payload.file.read() if isinstance(payload, web.FileField) else payload
            body = (json.loads(text), file.filename, file.content_type, file.file.read())
        self.seen.append((dict(request.headers), body))
        return web.Response(status=self.status, headers={"retry-after": "7"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    it = Receiver()
    app = web.Application()
    app.router.add_post("/hook", it.post)
    app.router.add_post("/moved", it.moved)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield it
    await runner.cleanup()


@pytest.fixture
async def channel(receiver: Receiver) -> AsyncIterator[WebhookChannel]:
    it = WebhookChannel({"siren": WebhookConfig.model_validate({"name": "siren", "url": receiver.url, "timeout_s": 2})})
    yield it
    await it.close()


def delivery(step: StepName = "text", media: bytes | None = None, address: str = "siren") -> Delivery:
    known = merge(None, incident(incident_id="a" * 32))
    return Delivery(key=f"a:{step}", step=step, address=address, incident=known, text="<b>FIRE</b>", media=media)


async def test_a_text_is_json_with_an_idempotency_key(channel: WebhookChannel, receiver: Receiver) -> None:
    await channel.send(delivery())
    await channel.send(delivery("edit"))

    headers, body = receiver.seen[0]
    assert headers["idempotency-key"] == "a:text"
    assert (body["step"], body["text"], body["incident"]["incident_id"]) == ("text", "FIRE", "a" * 32)
    assert receiver.seen[1][0]["idempotency-key"] == "a:edit:1"


async def test_a_picture_is_multipart(channel: WebhookChannel, receiver: Receiver) -> None:
    picture = jpeg()
    await channel.send(delivery("photo", picture))

    body, name, kind, data = receiver.seen[0][1]
    assert (body["step"], name, kind, data) == ("photo", "photo.jpg", "image/jpeg", picture)


@pytest.mark.parametrize(
    ("status", "failure"),
    [(400, PermanentFailure), (413, PermanentFailure), (422, PermanentFailure), (403, RefusedForNow),
     (404, RefusedForNow), (410, RefusedForNow), (302, RefusedForNow), (405, RefusedForNow),
     (408, TemporaryFailure), (425, TemporaryFailure), (500, TemporaryFailure), (503, TemporaryFailure),
     (429, RateLimited)],
)  # fmt: skip
async def test_answers_are_told_apart(
    status: int, failure: type[SendFailure], channel: WebhookChannel, receiver: Receiver
) -> None:
    receiver.status = status

    with pytest.raises(failure) as error:
        await channel.send(delivery())

    if isinstance(error.value, RateLimited):
        assert error.value.retry_after_s == 7.0


async def test_nobody_there_is_temporary_and_a_removed_hook_permanent(channel: WebhookChannel) -> None:
    away = WebhookChannel({"siren": WebhookConfig.model_validate({"name": "siren", "url": "http://u:pw@127.0.0.1:9/"})})
    with pytest.raises(TemporaryFailure) as error:
        await away.send(delivery())
    await away.close()

    assert "pw" not in str(error.value)
    with pytest.raises(PermanentFailure):
        await channel.send(delivery(address="removed"))


@pytest.fixture
async def moved(receiver: Receiver) -> AsyncIterator[WebhookChannel]:
    url = receiver.url.replace("/hook", "/moved")
    it = WebhookChannel({"siren": WebhookConfig.model_validate({"name": "siren", "url": url, "timeout_s": 2})})
    yield it
    await it.close()


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_that_repeats_the_post_is_followed(
    status: int, moved: WebhookChannel, receiver: Receiver
) -> None:
    receiver.moved_status = status
    await moved.send(delivery("photo", jpeg()))

    body, _, _, data = receiver.seen[0][1]
    assert (body["step"], data) == ("photo", jpeg())


@pytest.mark.parametrize("location", ["http://localhost:9/hook", "/moved"])
async def test_a_redirect_to_somebody_else_and_a_circle_are_not_followed(
    location: str, moved: WebhookChannel, receiver: Receiver
) -> None:
    receiver.location = location

    with pytest.raises(RefusedForNow, match=r"another address|redirects more than"):
        await moved.send(delivery())

    assert receiver.seen == []
