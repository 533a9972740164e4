"""The HTTP interface of the notifier: what its OpenAPI says is what it does, and nothing makes it fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from hackai_shared.bus import Bus, names
from hackai_shared.messages import AuditRecord
from notifier_harness import NotifierProcess, Running, Site, incident, jpeg, raise_incident, running


@pytest.fixture
async def notifier(tmp_path: Path, redis_url: str, free_port: int) -> AsyncIterator[Running]:
    """A notifier with the console channel alone."""
    site = Site(tmp_path, redis_url, free_port, telegram=False)
    site.write_config({"console": {"folder": str(site.pictures)}})
    async with running(site) as it:
        yield it


async def raised(bus: Bus, notifier: Running) -> str:
    """Raise an incident with a picture; return its id once it was taken in."""
    event = await raise_incident(bus, incident(), picture=jpeg())
    await notifier.delivered(2)
    return event.incident_id


async def test_an_incident_with_its_pictures(bus: Bus, notifier: Running) -> None:
    name = await raised(bus, notifier)

    (listed,) = (await notifier.http.get("/v1/incidents")).json()
    shown = (await notifier.http.get(f"/v1/incidents/{name}")).json()
    photo = await notifier.http.get(shown["photo"])

    assert listed == shown
    assert (shown["camera_id"], shown["label"], shown["open"]) == ("front", "fire", True)
    assert photo.headers["content-type"] == "image/jpeg"
    assert photo.content == jpeg()
    assert (await notifier.http.get("/v1/incidents", params={"camera_id": "kitchen"})).json() == []


async def test_orders_take_effect_once_and_are_audited(bus: Bus, notifier: Running) -> None:
    name = await raised(bus, notifier)

    first = (await notifier.http.post(f"/v1/incidents/{name}/acknowledge", json={"by": "Ann"})).json()
    again = (await notifier.http.post(f"/v1/incidents/{name}/acknowledge")).json()
    snoozed = (await notifier.http.post(f"/v1/incidents/{name}/snooze", json={"duration_s": 60})).json()
    false = (await notifier.http.post(f"/v1/incidents/{name}/false-alarm", json={"by": "Bob"})).json()

    assert (first["outcome"], first["incident"]["acknowledged"]["by"]) == ("applied", "Ann")
    assert (again["outcome"], again["message"]) == ("repeated", "Already acknowledged by Ann.")
    assert snoozed["incident"]["snoozed"]["until"] > snoozed["incident"]["snoozed"]["at"]
    assert false["incident"]["false_alarm"]["by"] == "Bob"
    async with asyncio.timeout(10):
        while await bus.client.xlen(names.AUDIT) < 4:
            await asyncio.sleep(0.02)
    records = [AuditRecord.model_validate_json(f[b"message"]) for _, f in await bus.client.xrange(names.AUDIT)]
    assert [record.action for record in records] == ["acknowledge", "acknowledge", "snooze", "false_alarm"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/incidents/unknown", 404),
        ("GET", "/v1/incidents/unknown/photo.jpg", 404),
        ("POST", "/v1/incidents/unknown/acknowledge", 404),
        ("GET", "/v1/incidents/..%2f..%2fetc", 404),
        ("GET", "/v1/incidents?limit=100000", 422),
        ("GET", "/v1/nothing", 404),
    ],
)
async def test_what_cannot_be_served_is_a_problem_document(
    method: str, path: str, status: int, notifier: Running
) -> None:
    answer = await notifier.http.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_readiness_and_metrics_speak_of_work(bus: Bus, notifier: Running) -> None:
    await raised(bus, notifier)

    metrics = (await notifier.http.get("/metrics")).text
    checks = {check["name"]: check for check in (await notifier.http.get("/readyz")).json()["checks"]}

    assert 'hackai_notifier_steps_total{channel="console",outcome="delivered",step="text"} 1.0' in metrics
    assert checks["database"]["ok"]
    assert checks["deliveries"]["ok"]


async def test_no_request_makes_it_fail(tmp_path: Path, bus: Bus, free_port: int) -> None:
    """schemathesis against a real process; bounded, because the whole suite has minutes."""
    site = Site(tmp_path, bus.url, free_port, telegram=False)
    site.write_config({"console": {"folder": str(site.pictures)}})
    async with NotifierProcess(site):
        await raise_incident(bus, incident(), picture=jpeg())

        tried = await asyncio.to_thread(attack, f"http://127.0.0.1:{free_port}")

    assert tried > 100


def attack(url: str) -> int:
    """Send generated requests to every operation; return how many."""
    tried = 0
    schema: Any = schemathesis.openapi.from_url(f"{url}/openapi.json")
    for operation in schema.get_all_operations():

        @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.ok().as_strategy())
        def send(case: Any) -> None:
            nonlocal tried
            tried += 1
            answer = case.call(timeout=5)
            case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

        send()
    return tried
