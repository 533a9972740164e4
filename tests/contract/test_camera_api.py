"""The HTTP contract of the camera service: OpenAPI, problem documents, and no 5xx whatever is asked."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from hackai_camera.api import create_camera_app
from hackai_camera.camera import Limits
from hackai_camera.cameras import Cameras
from hackai_camera.clip_maker import ClipMaker
from hackai_camera.metrics import CameraMetrics
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.health import Health
from hackai_shared.messages import FrameHeader
from hackai_shared.metrics import Metrics

EPOCH = "0" * 32


class NoBus:
    """The contract needs no bus: every frame is published to nobody."""

    async def publish_frame(self, header: FrameHeader, jpeg: bytes) -> int:
        return 0


async def _serve(listener: socket.socket, ready: threading.Event, stopper: list[Any]) -> None:
    metrics, health, stop = Metrics("camera"), Health(), asyncio.Event()
    configs = {
        "room": CameraConfig.model_validate(
            {"source": {"type": "pattern", "fps": 60, "seconds": 1, "width": 160, "height": 90}, "fps": 60}
        ),
        "blind": CameraConfig.model_validate({"source": {"type": "images", "folder": "/nowhere"}}),
    }
    cameras = Cameras(configs, NoBus(), CameraMetrics(metrics), Limits(viewers=2), may_end=True)
    cameras.add_checks(health)
    clips = ClipMaker()
    app = create_camera_app(cameras, clips, health, metrics)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    stopper.append((asyncio.get_running_loop(), stop))
    running = asyncio.ensure_future(cameras.run(stop))
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    while cameras["room"].status().state != "ended" or not server.started:
        await asyncio.sleep(0.01)
    ready.set()
    await stop.wait()
    server.should_exit = True
    await asyncio.gather(running, serving)
    await clips.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A service with a camera that has ended (``room``: 1 s, 60 frames) and one that never gives a frame."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    ready, stopper = threading.Event(), list[Any]()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(listener, ready, stopper)))
    thread.start()
    assert ready.wait(20)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    loop, stop = stopper[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=10) as client:
        yield client


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = dict(answer.json())
    assert body["status"] == status
    assert body["detail"]
    return body


@pytest.fixture(scope="module")
def schema(url: str) -> Any:
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


def test_the_paths_of_the_contract_are_there(schema: Any) -> None:
    assert {path for path in schema.raw_schema["paths"] if path.startswith("/v1")} == {
        "/v1/cameras",
        "/v1/cameras/{camera_id}",
        "/v1/cameras/{camera_id}/snapshot.jpg",
        "/v1/cameras/{camera_id}/stream.mjpg",
        "/v1/cameras/{camera_id}/clip.mp4",
    }
    schema.validate()


# The back-off of the blind camera draws random numbers in another thread while requests are generated.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("camera_id", [None, "room", "blind"])
def test_whatever_is_asked_is_answered_as_documented(schema: Any, camera_id: str | None) -> None:
    """Generated requests to every operation: no 5xx but the documented 503 of a camera without a frame."""
    statuses: set[int] = set()

    for result in schema.get_all_operations():
        operation = result.ok()
        if camera_id == "blind" and operation.path.endswith("stream.mjpg"):
            continue  # waits for a frame as long as the viewer does
        requests = operation.as_strategy()

        @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(requests)
        def ask(case: Any) -> None:
            if camera_id is not None and "camera_id" in case.path_parameters:
                case.path_parameters["camera_id"] = camera_id  # generated ids are never those that exist
            answer = case.call(timeout=10)
            statuses.add(answer.status_code)
            documented = answer.status_code == 503 and "503" in case.operation.definition.raw["responses"]
            checks = [content_type_conformance, response_schema_conformance]
            case.validate_response(answer, checks=checks if documented else [not_a_server_error, *checks])

        ask()

    assert 200 in statuses
    assert statuses & {404, 422}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=0",
        "from=nan&to=1",
        "from=0&to=inf",
        "from=-1&to=1",
        "from=5&to=1",
        "from=0&to=1e300",
        "from=0&to=500",
        "from=a&to=b",
        "from=0&to=1&epoch=x",
        "from=0&to=1&epoch=" + "0" * 500,
    ],
)
def test_a_wrong_range_is_a_problem(http: httpx.Client, query: str) -> None:
    problem(http.get(f"/v1/cameras/room/clip.mp4?{query}"), 422)


@pytest.mark.parametrize("path", ["", "/snapshot.jpg", "/stream.mjpg", "/clip.mp4?from=0&to=1"])
def test_an_unknown_camera_is_named_and_the_known_ones_too(http: httpx.Client, path: str) -> None:
    body = problem(http.get(f"/v1/cameras/attic{path}"), 404)

    assert "attic" in body["detail"]
    assert body["cameras"] == ["room", "blind"]


@pytest.mark.parametrize("camera_id", ["UPPER", "a" * 64, "%00", "a b", "-x"])
def test_an_impossible_id_is_a_problem(http: httpx.Client, camera_id: str) -> None:
    problem(http.get(f"/v1/cameras/{camera_id}"), 422)


def test_without_a_frame_there_is_a_time_to_come_back(http: httpx.Client) -> None:
    answer = http.get("/v1/cameras/blind/snapshot.jpg")

    problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


def test_a_snapshot_says_what_it_is(http: httpx.Client) -> None:
    answer = http.get("/v1/cameras/room/snapshot.jpg")

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8")
    assert answer.headers["x-frame-sequence"] == "59"
    assert float(answer.headers["x-frame-age"]) >= 0
    assert answer.headers["cache-control"] == "no-store"


def test_a_view_of_an_ended_camera_shows_its_last_frame_and_ends(http: httpx.Client) -> None:
    for _ in range(5):  # more often than there are seats: each is given back
        answer = http.get("/v1/cameras/room/stream.mjpg")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
        assert answer.content.count(b"--frame\r\n") == 1


def test_a_clip_of_an_ended_camera_is_what_there_is(http: httpx.Client) -> None:
    answer = http.get("/v1/cameras/room/clip.mp4", params={"from": 0.5, "to": 100})

    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["x-clip-frames"] == "30"
    assert (answer.headers["x-clip-from"], answer.headers["x-clip-to"]) == ("0.500", "0.983")


def test_what_is_not_in_memory_says_what_is(http: httpx.Client) -> None:
    assert problem(http.get("/v1/cameras/room/clip.mp4", params={"from": 5, "to": 6}), 404)["available"] == {
        "from": 0.0,
        "to": pytest.approx(0.983, abs=1e-3),
    }
    other_epoch = f"/v1/cameras/room/clip.mp4?from=0&to=1&epoch={EPOCH}"
    assert problem(http.get(other_epoch), 404)["available"] is None


def test_the_future_of_a_camera_that_may_still_come_is_too_early(http: httpx.Client) -> None:
    answer = http.get("/v1/cameras/blind/clip.mp4", params={"from": 0, "to": 1})

    assert answer.status_code in (404, 425)  # offline, or just connecting anew
    problem(answer, answer.status_code)
    assert answer.status_code == 404 or "retry-after" in answer.headers


def test_a_large_body_is_refused(http: httpx.Client) -> None:
    problem(http.request("GET", "/v1/cameras", content=bytes(2_000_000)), 413)


def test_other_methods_are_refused(http: httpx.Client) -> None:
    problem(http.post("/v1/cameras"), 405)
    problem(http.get("/v1/nothing"), 404)
