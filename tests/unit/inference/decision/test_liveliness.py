"""What moves beyond its surroundings lives."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from hackai_inference.decision.liveliness import SAMPLES, Liveliness

SPOT = (slice(6, 9), slice(6, 9))
PLACE = (2, 2)


def watch(
    spot: Callable[[float], float], seconds: float = 3.0, fps: float = 10.0, noise: float = 1.0
) -> "np.ndarray[Any, Any]":
    """Show a grey scene with noise in which one spot is as bright as ``spot`` says; return the last liveliness."""
    rng = np.random.default_rng(1)
    life, state = np.zeros(0), Liveliness()
    for number in range(round(seconds * fps)):
        picture = 80.0 + rng.normal(0.0, noise, (SAMPLES, SAMPLES))
        picture[SPOT] = spot(number / fps) + rng.normal(0.0, noise, (3, 3))
        life = state.add(picture.astype(np.float32), number / fps)
    return life


def test_flames_live() -> None:
    life = watch(lambda at: 200.0 + 30.0 * np.sin(2 * np.pi * 4.1 * at))

    assert life[PLACE] == 1.0
    assert np.median(life) == 0.0


def test_a_lamp_lives_for_a_moment_only() -> None:
    assert watch(lambda at: 80.0 if at < 2.5 else 230.0)[PLACE] == 1.0
    assert watch(lambda at: 80.0 if at < 1.0 else 230.0)[PLACE] == 0.0


def test_a_sunset_does_not_live() -> None:
    assert watch(lambda at: 100.0 + at / 30.0)[PLACE] == 0.0


def test_noise_of_the_whole_picture_is_no_life() -> None:
    assert watch(lambda at: 80.0, noise=6.0).max() < 1.0
    assert np.mean(watch(lambda at: 80.0, noise=6.0)) < 0.5


def test_what_is_not_known_counts_as_alive() -> None:
    assert (Liveliness().add(np.zeros((SAMPLES, SAMPLES), np.float32), 0.0) == 1.0).all()
    assert (watch(lambda at: 80.0, seconds=0.1) == 1.0).all()


def test_a_clock_that_went_backwards_begins_anew() -> None:
    state = Liveliness()
    still = np.zeros((SAMPLES, SAMPLES), np.float32)
    assert (state.add(still, 10.0) == 1.0).all()
    assert (state.add(still, 10.2) == 0.0).all()
    assert (state.add(still, 1.0) == 1.0).all()
