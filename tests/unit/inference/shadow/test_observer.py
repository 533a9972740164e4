"""Two real small models on the same frames: compared, promoted, taken back."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Iterator

import httpx
import pytest

from hackai_inference.models.judgement import judge
from hackai_inference.models.registry import Registry
from hackai_inference.shadow import observer, rules
from hackai_inference.shadow.api import add_shadow_routes
from hackai_inference.shadow.health import watch_health
from hackai_inference.shadow.observer import NoShadow, NotPromotable, Shadow
from hackai_shared.health import CheckResult, Health
from hackai_shared.metrics import Metrics
from hackai_shared.serving.package import PackageError
from hackai_shared.web import create_app

NAME = "fire-classifier"
# The model of the tests with other names for its classes: what it took for fire it now calls harmless.
SWAPPED = ["no_fire", "fire", "start_fire"]


@pytest.fixture
def registry(tmp_path: Path, make_package: Callable[..., Path], open_registry: Callable[..., Registry]) -> Registry:
    """Version 1 is active; 2 is the same network, 3 another one, 4 was never judged."""
    models = tmp_path / "models"
    make_package(models, 1)
    made = open_registry(tmp_path)
    made.load()
    make_package(models, 2)
    make_package(models, 3, classes=SWAPPED)
    make_package(models, 4, gate=None)
    return made


@pytest.fixture
def shadow(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shadow]:
    """Decides after few frames."""
    monkeypatch.setattr(rules, "MIN_COMPARED", 4)
    monkeypatch.setattr(rules, "MIN_PROBATION", 4)
    monkeypatch.setattr(observer, "PROBATION_FRAMES", 12)
    made = Shadow(registry, tmp_path / "shadow", max_pixels=10**6)
    yield made
    made.close()


@pytest.fixture
def show(shadow: Shadow, registry: Registry, picture: Callable[..., bytes]) -> Callable[..., None]:
    """A function that lets the active model judge pictures, as the live loop does."""

    def run(label: str, times: int, camera: str = "hall") -> None:
        jpeg = picture(label)
        for _ in range(times):
            shadow.judged(camera, jpeg, judge(registry.active, jpeg, max_pixels=10**6))
            shadow._frames.join()

    return run


def test_models_that_agree(shadow: Shadow, show: Callable[..., None]) -> None:
    comparison = shadow.start(NAME, 2, 1.0)
    show("fire", 3)
    show("no_fire", 2)

    assert (comparison.tally.compared, comparison.tally.disagreed) == (5, 0)
    assert comparison.samples.list() == []


def test_disagreements_are_counted_and_kept(shadow: Shadow, show: Callable[..., None]) -> None:
    comparison = shadow.start(NAME, 3, 1.0)
    show("fire", 2)

    assert comparison.tally.disagreed == 2
    assert comparison.tally.labels[("fire", "no_fire")] == 2
    assert [sample.camera_id for sample in comparison.samples.list()] == ["hall", "hall"]


def test_only_the_share_is_compared_for_every_camera(shadow: Shadow, show: Callable[..., None]) -> None:
    comparison = shadow.start(NAME, 2, 0.25)
    show("fire", 8, "hall")
    show("fire", 8, "yard")

    assert comparison.tally.compared == 4


def test_frames_are_passed_over_where_the_other_model_is_busy(
    shadow: Shadow, registry: Registry, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = shadow.start(NAME, 2, 1.0)
    busy, free = threading.Event(), threading.Event()

    def slow(_frame: object) -> None:
        busy.set()
        free.wait(10)

    monkeypatch.setattr(shadow, "_take", slow)
    jpeg = picture("fire")
    judgement = judge(registry.active, jpeg, max_pixels=10**6)
    shadow.judged("hall", jpeg, judgement)
    assert busy.wait(10)
    for _ in range(observer.WAITING + 3):
        shadow.judged("hall", jpeg, judgement)
    free.set()

    assert comparison.passed_over == 3


def test_a_candidate_is_promoted_on_evidence_and_then_watched_by_its_predecessor(
    shadow: Shadow, registry: Registry, show: Callable[..., None]
) -> None:
    shadow.start(NAME, 2, 1.0)
    show("fire", 3)
    with pytest.raises(NotPromotable, match="3 frames were compared"):
        shadow.promote(NAME)
    show("no_fire", 1)

    probation = shadow.promote(NAME)

    assert registry.active.ref.version == 2
    assert (probation.phase, probation.active_version, probation.other.ref.version) == ("probation", 2, 1)
    show("fire", 12)
    assert probation.phase == "ended"
    assert probation.ended == "trusted after 12 frames"
    assert registry.active.ref.version == 2


def test_a_promoted_version_that_drifts_is_rolled_back(
    shadow: Shadow, registry: Registry, show: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: "list[bool]" = []
    shadow.on_rolled_back = lambda: told.append(True)
    shadow.start(NAME, 3, 1.0)
    show("start_fire", 12)  # both call grey the same
    probation = shadow.promote(NAME)
    monkeypatch.setattr(rules, "DRIFT_MARGIN", 0.0)
    show("fire", 11)

    assert registry.active.ref.version == 1
    assert probation.ended.startswith("rolled back: it disagrees with its predecessor")
    assert told == [True]


def test_a_promoted_version_that_fails_is_rolled_back(
    shadow: Shadow, registry: Registry, show: Callable[..., None]
) -> None:
    shadow.start(NAME, 2, 1.0)
    show("fire", 4)
    probation = shadow.promote(NAME)
    for _ in range(rules.MAX_FAILURES):
        shadow.failed()

    assert registry.active.ref.version == 1
    assert "failed on 3 frames in a row" in probation.ended


async def test_a_version_on_probation_answers_for_the_health_of_the_service(
    shadow: Shadow, registry: Registry, show: Callable[..., None]
) -> None:
    stop = asyncio.Event()
    healthy = CheckResult(True, "")
    shadow.start(NAME, 2, 1.0)
    show("fire", 4)
    probation = shadow.promote(NAME)

    def check() -> CheckResult:
        stop.set()
        return healthy

    await watch_health(shadow, check, stop)
    assert registry.active.ref.version == 2

    stop.clear()
    healthy = CheckResult(False, "no frame was judged for 30 s")
    await watch_health(shadow, check, stop)
    assert registry.active.ref.version == 1
    assert probation.ended == "rolled back: no frame was judged for 30 s"


def test_single_failures_are_forgiven(shadow: Shadow, registry: Registry, show: Callable[..., None]) -> None:
    shadow.start(NAME, 2, 1.0)
    show("fire", 4)
    shadow.promote(NAME)
    for _ in range(4):
        shadow.failed()
        show("fire", 1)

    assert registry.active.ref.version == 2


@pytest.mark.parametrize("version", [1, 4])
def test_the_active_one_and_what_was_never_judged_are_no_candidates(shadow: Shadow, version: int) -> None:
    with pytest.raises(PackageError):
        shadow.start(NAME, version, 1.0)


def test_nothing_to_promote_or_to_stop(shadow: Shadow) -> None:
    with pytest.raises(NoShadow):
        shadow.promote(NAME)
    with pytest.raises(NoShadow):
        shadow.stop(NAME)


@pytest.fixture
async def client(shadow: Shadow) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("inference", "test", health=Health(), metrics=Metrics("inference"))
    add_shadow_routes(app, shadow)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as connected:
        yield connected


async def test_over_http(client: httpx.AsyncClient, show: Callable[..., None], registry: Registry) -> None:
    base = f"/v1/models/{NAME}"
    assert (await client.get(f"{base}/shadow")).status_code == 404
    begun = await client.post(f"{base}/versions/3/shadow", json={"share": 1.0})
    assert begun.json()["objections"] == ["0 frames were compared, 4 are needed"]
    show("fire", 2)

    found: Any = (await client.get(f"{base}/shadow")).json()
    assert (found["compared"], found["disagreed"], found["active_alarms"], found["other_alarms"]) == (2, 2, 2, 0)
    assert found["labels"] == [{"active": "fire", "other": "no_fire", "frames": 2}]
    assert found["latency_ratio"] > 0
    sample = await client.get(f"{base}/shadow/samples/{found['samples'][0]['id']}")
    assert sample.headers["content-type"] == "image/jpeg"
    assert (await client.get(f"{base}/shadow/samples/none")).status_code == 404

    refused = await client.post(f"{base}/promote")
    assert refused.status_code == 409
    assert "are needed" in refused.json()["detail"]
    assert (await client.delete(f"{base}/shadow")).json()["ended"] == "stopped"
    assert registry.active.ref.version == 1


@pytest.mark.parametrize("body", [{"share": 0}, {"share": 2}, {"part": 1}])
async def test_wrong_orders_are_refused(client: httpx.AsyncClient, body: Any) -> None:
    assert (await client.post(f"/v1/models/{NAME}/versions/2/shadow", json=body)).status_code == 422
