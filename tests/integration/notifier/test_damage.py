"""The notifier's database is damaged while it runs: it is replaced and refilled, and no alarm is lost or twice."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from hackai_shared.bus import Bus
from notifier_harness import Site, incident, jpeg, raise_incident, running

pytestmark = pytest.mark.timeout(200)


def damage(folder: Path) -> None:
    """Overwrite everything but the lock, as a failing flash does."""
    for path in folder.glob("notifier.sqlite3*"):
        if path.suffix != ".lock":
            with path.open("r+b") as file:
                file.write(b"\xa5" * path.stat().st_size)


async def test_a_database_that_is_destroyed_while_it_runs(
    site: Site, bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    site = dataclasses.replace(site, telegram=False)
    async with running(site) as notifier:
        told = await raise_incident(bus, incident(), picture=jpeg())
        await notifier.delivered(2)

        damage(site.folder / "data")
        during = await raise_incident(bus, incident(camera_name="Kitchen"), picture=jpeg("blue"))

        async with asyncio.timeout(60):
            while True:
                answer = await notifier.http.get("/v1/incidents")
                found = {one["incident_id"] for one in answer.json()} if answer.is_success else set()
                aside = list((site.folder / "data").glob("notifier.sqlite3.damaged-*"))
                if aside and {told.incident_id, during.incident_id} <= found:
                    break
                await asyncio.sleep(0.1)
        assert notifier.context.health.results()["database"].ok
        async with asyncio.timeout(30):  # told: the text of each, and what was lost
            while capsys.readouterr().out.count("has been replaced") == 0:
                await asyncio.sleep(0.1)
        photo = await notifier.http.get(f"/v1/incidents/{told.incident_id}/photo.jpg")
        assert photo.content == jpeg()
