"""The pictures of a suspicion."""

from __future__ import annotations

import numpy as np

from hackai_inference.pictures.snapshot_buffer import LENGTH, SnapshotBuffer


def test_the_last_quiet_picture_and_the_last_ones_of_the_suspicion_lead_to_now() -> None:
    album = SnapshotBuffer()
    for number in range(45):
        album.add(b"%d" % number, number / 10, suspected=number >= 20)

    shown = album.until(4.4, b"now")
    ages = [snapshot.seconds_before for snapshot in shown]
    assert ages[0] > 4.4 - 2.0 >= ages[1]  # the first one is from before the suspicion
    assert min(-np.diff(ages[:-1])) >= 0.79
    assert shown[-1] == (0.0, b"now")


def test_it_never_grows() -> None:
    album = SnapshotBuffer()
    for number in range(1000):
        album.add(b"x", number / 10, suspected=True)
    assert len(album.until(100.0, b"now")) == LENGTH


def test_a_new_clock_begins_a_new_album() -> None:
    album = SnapshotBuffer()
    album.add(b"old", 100.0, suspected=True)
    album.add(b"new", 1.0, suspected=True)
    assert [snapshot.jpeg for snapshot in album.until(1.5, b"now")] == [b"new", b"now"]
