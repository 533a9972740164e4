"""Which clips there are, and which are still to come."""

from __future__ import annotations

from typing import Any

import pytest

from hackai_camera.clip_range import NotBuffered, TooEarly, check_clip
from hackai_camera.ring import Span


def test_what_has_happened_is_returned(make_frame: Any) -> None:
    frames = [make_frame(1.0)]

    assert check_clip(frames, Span(0, 5), to_s=4.0, horizon_s=5.0) is frames


def test_the_future_of_a_running_camera_is_too_early(make_frame: Any) -> None:
    with pytest.raises(TooEarly, match=r"available: 0\.000\.\.5\.000 s") as caught:
        check_clip([make_frame(1.0)], Span(0, 5), to_s=8.0, horizon_s=5.0)

    assert caught.value.wait_s == 3.0


def test_the_future_of_an_ended_camera_is_what_there_is(make_frame: Any) -> None:
    frames = [make_frame(1.0)]

    assert check_clip(frames, Span(0, 5), to_s=8.0, horizon_s=None) is frames


@pytest.mark.parametrize("span", [None, Span(100, 130)])
def test_what_left_the_memory_is_not_there(span: Span | None) -> None:
    with pytest.raises(NotBuffered) as caught:
        check_clip([], span, to_s=4.0, horizon_s=130.0)

    assert caught.value.span == span
