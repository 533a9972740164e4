"""What the ring buffer keeps."""

from __future__ import annotations

from typing import Any

from hackai_camera.ring import FrameRing, Span


def test_it_keeps_the_last_seconds(make_frame: Any) -> None:
    ring = FrameRing(seconds=2.0, max_bytes=10**9)

    for number in range(100):
        ring.append(make_frame(number / 10))

    assert ring.span() == Span(7.9, 9.9)
    assert len(ring) == 21


def test_it_never_holds_more_bytes_than_allowed(make_frame: Any) -> None:
    ring = FrameRing(seconds=1000.0, max_bytes=1000)

    for number in range(500):
        ring.append(make_frame(number / 10, jpeg=bytes(90)))
        assert ring.bytes <= 1000

    assert len(ring) == 11
    assert ring.bytes == 990


def test_the_newest_frame_stays_even_if_it_alone_is_too_much(make_frame: Any) -> None:
    ring = FrameRing(seconds=0.0, max_bytes=10)

    ring.append(make_frame(0.0, jpeg=bytes(100)))
    ring.append(make_frame(1.0, jpeg=bytes(100)))

    assert ring.span() == Span(1.0, 1.0)


def test_a_range_is_inclusive_and_in_order(make_frame: Any) -> None:
    ring = FrameRing(seconds=100.0, max_bytes=10**9)
    for number in range(10):
        ring.append(make_frame(float(number)))

    assert [frame.header.stream_s for frame in ring.select(2.0, 5.0)] == [2.0, 3.0, 4.0, 5.0]
    assert ring.select(20.0, 30.0) == []


def test_epochs_are_told_apart(make_frame: Any) -> None:
    ring = FrameRing(seconds=100.0, max_bytes=10**9)
    for epoch in ("a" * 32, "b" * 32):
        for number in range(3):
            ring.append(make_frame(float(number), epoch=epoch))

    assert len(ring.select(0.0, 9.0)) == 6
    assert len(ring.select(0.0, 9.0, "b" * 32)) == 3
    assert ring.span("c" * 32) is None


def test_an_older_epoch_leaves_by_the_clock_of_the_host(make_frame: Any) -> None:
    ring = FrameRing(seconds=5.0, max_bytes=10**9)
    ring.append(make_frame(100.0, epoch="a" * 32, monotonic_s=0.0))
    ring.append(make_frame(0.0, epoch="b" * 32, monotonic_s=4.0))
    assert len(ring) == 2

    ring.append(make_frame(2.0, epoch="b" * 32, monotonic_s=6.0))

    assert ring.span() == Span(0.0, 2.0)
