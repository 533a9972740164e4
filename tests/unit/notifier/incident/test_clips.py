from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from hackai_notifier.clients.cameras import CameraClient, CameraUnavailable, PictureGone
from hackai_notifier.incident import incidents
from hackai_notifier.incident.clips import MARGIN_S, PATIENCE_S, Clips
from hackai_notifier.incident.incidents import Incident, merge
from hackai_notifier.storage.database import Database
from hackai_notifier.storage.schema import MIGRATIONS
from hackai_shared.messages import utc_now
from notifier_harness import camera_service, incident


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    it = Database(tmp_path / "x.sqlite3", MIGRATIONS)
    await it.open()
    yield it
    await it.close()


async def known(database: Database, **changes: object) -> Incident:
    one = merge(None, incident()).model_copy(update=changes)
    await database.run(lambda connection: incidents.save(connection, one))
    return one


async def ask(database: Database, status: int, *, body: bytes = b"{}", **changes: object) -> bytes:
    async def clip(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type="application/json")

    async with camera_service(clip) as url:
        client = CameraClient(url)
        try:
            return await Clips(database, client, before_s=5, after_s=5).get(await known(database, **changes))
        finally:
            await client.close()


async def test_a_clip_is_kept_for_the_next_recipient(database: Database) -> None:
    asked = 0

    async def clip(_request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(body=b"mp4")

    async with camera_service(clip) as url:
        client = CameraClient(url)
        clips = Clips(database, client, before_s=5, after_s=5)
        one = await known(database)
        assert [await clips.get(one), await clips.get(one)] == [b"mp4", b"mp4"]
        await client.close()

    assert asked == 1


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
async def test_what_may_come_later(status: int, database: Database) -> None:
    with pytest.raises(CameraUnavailable):
        await ask(database, status)


async def test_patience_has_an_end(database: Database) -> None:
    with pytest.raises(PictureGone, match="not available for"):
        await ask(database, 503, received_at=utc_now() - timedelta(seconds=PATIENCE_S + 1))


@pytest.mark.parametrize("body", [b'{"detail": "not in memory"}', b"[]", b"not json"])
async def test_what_will_never_come(body: bytes, database: Database) -> None:
    with pytest.raises(PictureGone, match="404"):
        await ask(database, 404, body=body)


async def test_nobody_there_is_unavailable() -> None:
    client = CameraClient("http://127.0.0.1:9")
    with pytest.raises(CameraUnavailable):
        await client.snapshot("front")
    await client.close()


async def test_the_wait_is_bounded_whatever_the_clock_says(database: Database) -> None:
    client = CameraClient("http://127.0.0.1:9")
    clips = Clips(database, client, before_s=5, after_s=5)
    future = merge(None, incident(confirmed_at=utc_now() + timedelta(days=400)))
    past = merge(None, incident(confirmed_at=utc_now() - timedelta(days=400)))

    assert clips.wait_s(future) == 5 + MARGIN_S
    assert clips.wait_s(past) == 0.0
    await client.close()
