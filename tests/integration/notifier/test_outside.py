"""The external checker is called while all is well, and the summary comes once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from hackai_notifier.people.recipients import Recipient
from hackai_notifier.selftest.daily import DailySummary
from hackai_notifier.selftest.external_check import ExternalCheck
from hackai_notifier.storage.database import Database
from hackai_notifier.storage.schema import MIGRATIONS
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.config.notifications import ExternalCheckConfig
from hackai_shared.config.time_of_day import TimeOfDay
from hackai_shared.health import CheckResult, Health
from hackai_shared.metrics import Metrics


class Checker:
    """A real HTTP server outside."""

    def __init__(self) -> None:
        self.url = ""
        self.calls = 0
        self.status = 200

    async def answer(self, _request: web.Request) -> web.Response:
        self.calls += 1
        return web.Response(status=self.status)

    async def until(self, calls: int) -> None:
        async with asyncio.timeout(10):
            while self.calls < calls:
                await asyncio.sleep(0.01)


@pytest.fixture
async def checker() -> AsyncIterator[Checker]:
    checker = Checker()
    app = web.Application()
    app.router.add_get("/ping/geheim", checker.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    checker.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/geheim"
    yield checker
    await runner.cleanup()


async def test_it_is_called_while_all_is_well(checker: Checker, capsys: pytest.CaptureFixture[str]) -> None:
    well = True
    health = Health()
    health.add("canary", lambda: CheckResult(well, "no canary for 400 s"))
    config = ExternalCheckConfig.model_construct(url=SecretStr(checker.url), every_s=0.05)
    check = ExternalCheck(config, health, Metrics("notifier"))
    stop = asyncio.Event()
    task = asyncio.ensure_future(check.run(stop))
    await checker.until(2)

    well = False
    await asyncio.sleep(0.15)  # a call that is on its way
    silent = checker.calls
    await asyncio.sleep(0.3)
    assert checker.calls == silent

    well = True
    checker.status = 500  # its own trouble ends nothing here
    await checker.until(silent + 2)
    stop.set()
    await task
    await check.close()
    assert "geheim" not in capsys.readouterr().out


class Administrators:
    def caretakers(self) -> list[Recipient]:
        return [Recipient("telegram", "9")]


async def test_the_summary_comes_once_a_day_over_restarts(tmp_path: Path) -> None:
    moments = [
        datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((23, 9), (24, 7), (24, 9), (24, 12), (25, 9))
    ]
    database = Database(tmp_path / "db", MIGRATIONS)
    await database.open()
    sent: list[int] = []
    for moment in moments:
        daily = DailySummary(
            database, Administrators(), CanaryConfig(), at=TimeOfDay.parse("08:00"), zone=UTC, changed=lambda: None,  # type: ignore[arg-type]
            now=lambda moment=moment: moment,
        )  # fmt: skip
        await database.run(daily._send_when_due)
        rows = await database.run(lambda connection: connection.execute("SELECT subject FROM steps").fetchall())
        sent.append(len(rows))
    await database.close()

    assert sent == [0, 0, 1, 1, 2]
