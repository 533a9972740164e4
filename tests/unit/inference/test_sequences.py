"""Whole sequences, recorded and generated, place by place: what is told, and what is not."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Callable, List, Tuple

import numpy as np
import pytest

from hackai_inference.confirmation import Confirmation, Look
from hackai_inference.liveliness import SAMPLES, Liveliness
from hackai_inference.places import PLACES, SIDE
from hackai_shared.config.detection import ConfirmationConfig

CONFIG = ConfirmationConfig()
Story = List[Tuple[str, str]]
# Probabilities of fire and of starting fire that the classifier gave to real clips: a sign, a fire, smoke, a street.
RECORDED = json.loads(Path(__file__).with_name("recorded_scores.json").read_text())
HERE, THERE = 3 * SIDE + 3, 12 * SIDE + 12


def at(place: int, score: float) -> "np.ndarray[Any, Any]":
    scores = np.zeros(PLACES)
    scores[place] = score
    return scores


def told(looks: List[Look]) -> Story:
    state = Confirmation(CONFIG, PLACES)
    return [(step.change, step.label) for look in looks for step in state.observe(look).transitions]


def scene(
    seconds: float,
    score: Callable[[float], float],
    brightness: Callable[[float], float],
    extent: Callable[[float], float] = lambda now: 1.0,
    fps: float = 10.0,
) -> List[Look]:
    """A grey room with noise in which the spot ``HERE`` has a score, a brightness (0-255) and an extent over time."""
    rng = np.random.default_rng(2)
    life = Liveliness()
    row, column = (3 * part for part in divmod(HERE, SIDE))
    looks = []
    for number in range(round(seconds * fps)):
        now = number / fps
        picture = (80.0 + rng.normal(0.0, 1.5, (SAMPLES, SAMPLES))).astype(np.float32)
        picture[row : row + 3, column : column + 3] += brightness(now) - 80.0
        alive = life.add(picture, now).reshape(PLACES)
        scores = at(HERE, score(now))
        looks.append(Look(now, scores, scores, alive, extent=extent(now)))
    return looks


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sign at night", []),
        ("street", []),
        ("fire outdoors", [("opened", "fire")]),
        ("smoke, then flames", [("opened", "start_fire"), ("cleared", "start_fire"), ("opened", "fire")]),
    ],
)
def test_recorded_sequences(name: str, expected: Story) -> None:
    looks = [Look(now, at(HERE, fire), at(HERE, fire + start)) for now, fire, start in RECORDED[name]]

    assert told(looks) == expected


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
def test_a_sign_that_is_dark_twice_a_second_is_seen_to_blink_at_any_rate(fps: float) -> None:
    """Dark for a third of its period of 0.47 s, which no rate divides."""
    scores = [0.0 if (number / fps) % 0.47 < 0.14 else 0.95 for number in range(round(60 * fps))]

    assert told([Look(number / fps, at(HERE, score), at(HERE, score)) for number, score in enumerate(scores)]) == []


def test_one_one_gap_one_at_one_place_is_a_fire() -> None:
    pattern = [1.0, 0.0, 1.0, 1.0, *[1.0] * 12]
    looks = [Look(number / 10, at(HERE, score), at(HERE, score)) for number, score in enumerate(pattern)]

    assert told(looks) == [("opened", "fire")]


def test_two_spots_at_different_places_do_not_add_up() -> None:
    places = [HERE if number % 2 else THERE for number in range(300)]
    elsewhere = [Look(number / 10, at(place, 0.95), at(place, 0.95)) for number, place in enumerate(places)]
    together = [Look(number / 10, at(HERE, 0.95), at(HERE, 0.95)) for number in range(300)]

    assert told(elsewhere) == []
    assert told(together) == [("opened", "fire")]


def test_a_second_fire_elsewhere_is_confirmed_by_its_own_evidence() -> None:
    state = Confirmation(CONFIG, PLACES)
    for number in range(100):
        scores = at(HERE, 0.95) + (at(THERE, 0.9) if number >= 50 else 0.0)
        state.observe(Look(number / 10, scores, scores))

    assert state.levels[HERE] >= 1.0
    assert state.levels[THERE] >= 1.0
    assert state.levels[0] == 0.0


def test_a_slow_smoulder_is_told_because_it_grows() -> None:
    def smoulder(extent: Callable[[float], float]) -> Story:
        looks = scene(60.0, lambda now: 0.6, lambda now: 90.0 + now / 10, extent)
        return told([Look(look.stream_s, 0.0, look.smoke, look.liveliness, extent=look.extent) for look in looks])

    assert smoulder(lambda now: 1.0 + now / 10) == [("opened", "start_fire")]
    assert smoulder(lambda now: 1.0) == []


@pytest.mark.parametrize("seed", range(2))
def test_a_candle_whose_score_flickers_is_not_told(seed: int) -> None:
    draw = random.Random(seed)
    scores = [draw.choice([0.2, 0.35, 0.6, 0.9]) for _ in range(2000)]
    bright = [draw.uniform(180, 240) for _ in range(2000)]

    assert told(scene(200.0, lambda now: scores[int(now * 10)], lambda now: bright[int(now * 10)])) == []


def test_a_sunset_of_an_hour_is_not_told() -> None:
    def glow(now: float) -> float:
        return float(np.sin(np.pi * now / 3600))

    looks = scene(
        3600.0, lambda now: 0.75 * glow(now), lambda now: 80 + 150 * glow(now), lambda now: 1 + glow(now), fps=2.0
    )

    assert told(looks) == []


def test_a_lamp_that_is_switched_on_is_not_told() -> None:
    looks = scene(120.0, lambda now: 0.75 if now > 5 else 0.0, lambda now: 230.0 if now > 5 else 80.0)

    assert told(looks) == []


def test_flames_with_the_score_of_that_lamp_are_told() -> None:
    looks = scene(
        20.0, lambda now: 0.75 if now > 5 else 0.0, lambda now: 80.0 if now < 5 else 200 + 30 * np.sin(26 * now)
    )

    assert told(looks) == [("opened", "fire")]


def test_a_raised_threshold_delays_a_doubtful_fire_and_not_a_certain_one() -> None:
    def delay(score: float, raised: float) -> float:
        state = Confirmation(CONFIG, PLACES)
        for number in range(300):
            scores = at(HERE, score if number >= 20 else 0.0)
            steps = state.observe(Look(number / 10, scores, scores, raised=raised)).transitions
            if steps:
                return steps[0].at_s - 2.0
        return float("inf")

    assert delay(0.8, raised=0.0) < 2.0
    assert delay(0.8, raised=3.0) == float("inf")
    assert delay(1.0, raised=3.0) == pytest.approx(delay(1.0, raised=0.0), abs=0.21)
