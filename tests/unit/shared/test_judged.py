"""The age of the last judgement, by the heartbeats of all inference services."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hackai_shared.judged import is_judged, judged_ages_s
from hackai_shared.messages import ServiceStatus

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)


def heartbeat(age_s: float, **judged_s: float) -> ServiceStatus:
    at = NOW - timedelta(seconds=age_s)
    return ServiceStatus(service="inference", instance=f"i{age_s}", ready=True, judged_s=judged_s, at=at)


def test_the_age_of_the_heartbeat_counts() -> None:
    assert judged_ages_s([heartbeat(4.0, front=0.5)], NOW) == {"front": 4.5}


def test_whichever_service_judged_last_counts() -> None:
    assert judged_ages_s([heartbeat(1.0, front=30.0), heartbeat(0.0, front=0.2, hall=3.0)], NOW) == {
        "front": 0.2,
        "hall": 3.0,
    }


def test_a_camera_that_nobody_speaks_of_is_not_judged() -> None:
    assert "front" not in judged_ages_s([], NOW)
    assert [is_judged(age) for age in (None, 0.1, 10.0, 10.1)] == [False, True, True, False]
