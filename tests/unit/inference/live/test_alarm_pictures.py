"""Which pictures go with an alarm."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from hackai_inference.live import alarm_pictures
from hackai_inference.live.alarm_pictures import pictures_of
from hackai_inference.live.camera_pipeline import CameraPipeline, PipelineResult, Received
from hackai_inference.models.judgement import judge
from hackai_inference.models.registry import Registry
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.messages import FrameHeader, utc_now
from hackai_shared.serving.decoding import ImageError, decode_image


@pytest.fixture
def alarm(registry: Registry, picture: Callable[..., bytes]) -> Any:
    """The arguments for the event that opened an incident."""
    jpeg, lane = picture("fire"), CameraPipeline("front", "Front", InferenceConfig(), new_id=lambda: "id")
    judgement = judge(registry.active, jpeg, max_pixels=10**6)
    for number in range(60):
        header = FrameHeader(
            camera_id="front", epoch="e", sequence=number, captured_at=utc_now(), stream_s=number / 10,
            monotonic_s=0.0, boot_id="b", width=160, height=90,
        )  # fmt: skip
        result: PipelineResult = lane.judge(header.ref(), judgement, utc_now(), width=160, height=90, jpeg=jpeg)
        if result.events:
            return result.events[0], Received(header, jpeg, 0.0), judgement, result
    raise AssertionError("no incident was opened")


def test_an_alarm_carries_the_frame_that_was_judged_and_a_drawing_of_it(alarm: Any) -> None:
    pictures = pictures_of(*alarm, heat_map=True)

    assert pictures["frame"] == alarm[1].jpeg
    assert decode_image(pictures["annotated"]).shape[0] > 90


def test_without_time_for_a_heat_map_it_is_left_out(alarm: Any) -> None:
    assert pictures_of(*alarm, heat_map=False)["annotated"] != pictures_of(*alarm, heat_map=True)["annotated"]


def test_what_rings_nobody_carries_no_picture(alarm: Any) -> None:
    event, *rest = alarm

    assert pictures_of(event.model_copy(update={"change": "updated"}), *rest, heat_map=True) == {}


def test_an_alarm_goes_out_without_a_drawing_rather_than_not(alarm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_options: Any) -> bytes:
        raise ImageError("no memory for a drawing")

    monkeypatch.setattr(alarm_pictures, "annotate", fail)

    assert set(pictures_of(*alarm, heat_map=True)) == {"frame"}
