"""The pictures of a suspicion."""

from __future__ import annotations

import numpy as np

from hackai_inference.album import LENGTH, Album


def test_the_last_quiet_picture_and_the_last_ones_of_the_suspicion_are_kept() -> None:
    album = Album()
    for number in range(40):
        album.add(b"%d" % number, number / 10, suspected=number >= 20)

    times = [moment.stream_s for moment in album.moments]
    assert 0.0 < times[0] < 2.0 <= times[1]
    assert times == sorted(times)
    assert min(np.diff(times)) >= 0.79


def test_it_never_grows() -> None:
    album = Album()
    for number in range(1000):
        album.add(b"x", number / 10, suspected=True)
    assert len(album.moments) == LENGTH


def test_a_new_clock_begins_a_new_album() -> None:
    album = Album()
    album.add(b"old", 100.0, suspected=True)
    album.add(b"new", 1.0, suspected=True)
    assert [moment.jpeg for moment in album.moments] == [b"new"]
