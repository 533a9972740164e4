"""Which leg is broken, by what was seen of a test fire."""

from __future__ import annotations

import pytest

from hackai_notifier.selftest.fault_location import Trace, find_broken


@pytest.mark.parametrize(
    ("trace", "leg", "reason"),
    [
        (Trace(redis=False, received_s=5), "redis", "Redis is unavailable"),
        (Trace(camera_alive=False), "camera", "does not respond"),
        (Trace(shown_s=600), "camera", "shows no test fire"),
        (Trace(), "camera", "shows no test fire"),
        (Trace(inference_alive=False, shown_s=20), "inference", "does not respond"),
        (Trace(shown_s=20), "inference", "none is judged"),
        (Trace(shown_s=20, judged_s=20, best_score=0.12), "inference", "does not recognize a fire (at most 12 %)"),
        (Trace(shown_s=20, judged_s=20, best_score=0.97), "incidents", "no incident arrived"),
        (Trace(shown_s=20, judged_s=20, best_score=0.97, received_s=18), "outbox", "did not deliver"),
        # What was judged and received before the trouble began is no news.
        (Trace(shown_s=20, judged_s=400, best_score=0.97, received_s=400), "inference", "none is judged"),
    ],
)
def test_the_first_broken_leg_is_named(trace: Trace, leg: str, reason: str) -> None:
    finding = find_broken(trace, 60.0)

    assert finding.leg == leg
    assert reason in finding.reason
