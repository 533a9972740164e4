"""Whatever the configuration check accepts, the way of a frame takes: no accepted value can blind a camera."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, List, Optional

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from hackai_inference.live.camera_pipeline import CameraPipeline
from hackai_inference.models.judgement import Judgement, judge
from hackai_inference.models.registry import Registry
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.watching import DAYS, CameraDetectionConfig
from hackai_shared.messages import Box, FrameRef

TIMES = some.one_of(
    some.builds("{:02}:{:02}".format, some.integers(0, 23), some.integers(0, 59)),
    some.sampled_from(["00:00", "24:00", "23:59:59", "8:00"]),
    some.sampled_from(["08:00Z", "", "24:01", 510]),
)
EDGES = [5e-324, 1e-300, 1e-17, 1.0 - 2**-53]
THRESHOLDS = some.sampled_from([0.2, 0.97]) | some.floats(0.2, 0.97)
SHARES = some.sampled_from(EDGES) | some.floats(0, 1, exclude_min=True, exclude_max=True)
SECONDS = some.sampled_from([*EDGES, 2.0]) | some.floats(0, 2, exclude_min=True)
POINTS = some.tuples(SHARES, SHARES)
POLYGONS = some.one_of(
    some.lists(POINTS, min_size=3, max_size=5),
    some.just([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]),
    POINTS.map(lambda point: [point] * 3),
)
NAMES = some.sampled_from(["bench", "", "\U0001f525"])


def optional(**fields: some.SearchStrategy[Any]) -> some.SearchStrategy[Dict[str, Any]]:
    return some.fixed_dictionaries({}, optional=fields)


SCHEDULES = some.fixed_dictionaries(
    {"name": NAMES, "start": TIMES, "end": TIMES, "threshold": THRESHOLDS},
    optional={
        "zone": some.sampled_from([None, "bench", ""]),
        "days": some.lists(some.sampled_from(DAYS), min_size=1, max_size=7),
    },
)
BUDGETS = some.fixed_dictionaries(
    {"alarms_per_week": SECONDS, "hours": SECONDS, "alarms": some.integers(0, 9), "at_most_per_week": SECONDS},
    optional={"confidence": some.floats(0.5, 1, exclude_min=True, exclude_max=True)},
).map(lambda fields: {**fields, "model": "fire-classifier/2"})
RULES = optional(
    threshold=THRESHOLDS,
    budget=BUDGETS,
    masks=some.dictionaries(NAMES, POLYGONS, max_size=2),
    zones=some.dictionaries(
        NAMES, some.fixed_dictionaries({"polygon": POLYGONS}, optional={"threshold": THRESHOLDS}), max_size=3
    ),
    schedules=some.lists(SCHEDULES, max_size=3),
    min_size=some.floats(0, 0.5),
)
CONFIRMATION = optional(
    window_s=SECONDS,
    overlooked_share=some.floats(0, 0.5, exclude_max=True),
    fire_reference=SHARES,
    fire_seconds=SECONDS,
    smoke_reference=SHARES,
    smoke_seconds=SECONDS,
    still_raise=some.floats(0, 6),
    min_frames=some.integers(1, 100),
    clear_after_s=SECONDS,
    max_gap_s=SECONDS,
)
TURNS = optional(suspicious_from=SHARES, kept_s=SECONDS, scan_every_s=SECONDS)
LOOKS = optional(suspicious_from=SHARES, every_s=SECONDS, scan_every_s=SECONDS)
MOMENTS = some.builds(
    datetime.fromtimestamp,
    some.integers(31_536_000, 4_102_444_800),
    some.sampled_from([timezone.utc, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))]),
)
FOUND = [Box(x1=0.1, y1=0.1, x2=0.9, y2=0.9, label="fire", score=0.9, source="detector")]


def accepted(model: Any, fields: Dict[str, Any]) -> Optional[Any]:
    try:
        return model.model_validate(fields)
    except ValidationError:
        return None


@pytest.fixture
def burning(registry: Registry, picture: Callable[..., bytes]) -> Judgement:
    return judge(registry.active, picture("fire"), max_pixels=10**6)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=RULES, confirmation=CONFIRMATION, opinion=TURNS, detector=LOOKS, moment=MOMENTS, gaps=some.lists(SECONDS))
def test_no_accepted_rule_breaks_the_way_of_a_frame(
    burning: Judgement,
    rules: Dict[str, Any],
    confirmation: Dict[str, Any],
    opinion: Dict[str, Any],
    detector: Dict[str, Any],
    moment: datetime,
    gaps: List[float],
) -> None:
    camera = accepted(CameraDetectionConfig, rules)
    config = accepted(InferenceConfig, {"confirmation": confirmation, "second_opinion": opinion, "detector": detector})
    assume(camera is not None or config is not None)
    camera, config = camera or CameraDetectionConfig(), config or InferenceConfig()
    numbers = iter(range(10_000))
    pipeline = CameraPipeline("front", "Front", config, new_id=lambda: f"id{next(numbers)}", rules=camera)
    spec, now, seen = burning.model.manifest.input, 0.0, 0

    for sequence, gap in enumerate([0.1, 0.0, *gaps[:4], *[0.3] * 8]):
        now += gap
        frame = FrameRef(camera_id="front", epoch="e", sequence=sequence, captured_at=moment, stream_s=now)
        pipeline.sight.hidden(spec, width=160, height=90)
        pipeline.sight.wants_opinion(burning, now)
        found = FOUND if pipeline.sight.wants_boxes(burning, now) else None
        result = pipeline.judge(frame, burning, moment, width=160, height=90, jpeg=b"", found=found)
        seen += sum(bool(event.model_dump_json()) for event in result.events)
        assert result.verdict.evidence >= 0.0

    if not camera.masks and camera.min_size == 0.0 and config == InferenceConfig() and not gaps:
        assert seen > 0, "a fire without a doubt is told whatever was set"
