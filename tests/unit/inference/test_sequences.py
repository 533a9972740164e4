"""Whole sequences, recorded and generated, place by place: what is told, and what is not."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Callable, List, Tuple

import numpy as np
import pytest

from hackai_inference.decision.confirmation import Confirmation, FrameScores
from hackai_inference.decision.liveliness import SAMPLES, Liveliness
from hackai_inference.decision.notified_places import AGAIN_AFTER_S, SETTLED_S
from hackai_inference.decision.places import PLACES, SIDE
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


def told(looks: List[FrameScores]) -> Story:
    state = Confirmation(CONFIG, PLACES)
    return [(step.change, step.label) for look in looks for step in state.observe(look).transitions]


def scene(
    seconds: float,
    score: Callable[[float], float],
    brightness: Callable[[float], float],
    extent: Callable[[float], float] = lambda now: 1.0,
    fps: float = 10.0,
) -> List[FrameScores]:
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
        looks.append(FrameScores(now, scores, scores, alive, extent=extent(now)))
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
    looks = [FrameScores(now, at(HERE, fire), at(HERE, fire + start)) for now, fire, start in RECORDED[name]]

    assert told(looks) == expected


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
def test_a_sign_that_is_dark_twice_a_second_is_seen_to_blink_at_any_rate(fps: float) -> None:
    """Dark for a third of its period of 0.47 s, which no rate divides."""
    scores = [0.0 if (number / fps) % 0.47 < 0.14 else 0.95 for number in range(round(60 * fps))]

    assert (
        told([FrameScores(number / fps, at(HERE, score), at(HERE, score)) for number, score in enumerate(scores)]) == []
    )


def test_one_one_gap_one_at_one_place_is_a_fire() -> None:
    pattern = [1.0, 0.0, 1.0, 1.0, *[1.0] * 12]
    looks = [FrameScores(number / 10, at(HERE, score), at(HERE, score)) for number, score in enumerate(pattern)]

    assert told(looks) == [("opened", "fire")]


def test_two_spots_at_different_places_do_not_add_up() -> None:
    places = [HERE if number % 2 else THERE for number in range(300)]
    elsewhere = [FrameScores(number / 10, at(place, 0.95), at(place, 0.95)) for number, place in enumerate(places)]
    together = [FrameScores(number / 10, at(HERE, 0.95), at(HERE, 0.95)) for number in range(300)]

    assert told(elsewhere) == []
    assert told(together) == [("opened", "fire")]


def test_a_second_fire_elsewhere_is_confirmed_by_its_own_evidence() -> None:
    state = Confirmation(CONFIG, PLACES)
    for number in range(100):
        scores = at(HERE, 0.95) + (at(THERE, 0.9) if number >= 50 else 0.0)
        state.observe(FrameScores(number / 10, scores, scores))

    assert state.levels[HERE] >= 1.0
    assert state.levels[THERE] >= 1.0
    assert state.levels[0] == 0.0


def test_a_slow_smoulder_is_told_because_it_grows() -> None:
    def smoulder(extent: Callable[[float], float]) -> Story:
        looks = scene(60.0, lambda now: 0.6, lambda now: 90.0 + now / 10, extent)
        return told(
            [FrameScores(look.stream_s, 0.0, look.smoke, look.liveliness, extent=look.extent) for look in looks]
        )

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
            steps = state.observe(FrameScores(number / 10, scores, scores, raised=raised)).transitions
            if steps:
                return steps[0].at_s - 2.0
        return float("inf")

    assert delay(0.8, raised=0.0) < 2.0
    assert delay(0.8, raised=3.0) == float("inf")
    assert delay(1.0, raised=3.0) == pytest.approx(delay(1.0, raised=0.0), abs=0.21)


FAR = 3 * SIDE + 12


def burning(seconds: float, *fires: "Tuple[int, Callable[[float], float]]", fps: float = 10.0) -> List[FrameScores]:
    """Flames at several places, each with a score over time."""
    looks = []
    for number in range(round(seconds * fps)):
        scores = np.zeros(PLACES)
        for place, score in fires:
            scores[place] = score(number / fps)
        looks.append(FrameScores(number / fps, scores, scores))
    return looks


def since(begin: float, end: float = np.inf, score: float = 1.0) -> "Callable[[float], float]":
    return lambda now: score if begin <= now < end else 0.0


def steps_of(looks: List[FrameScores]) -> "List[Tuple[str, int]]":
    state = Confirmation(CONFIG, PLACES)
    return [(step.change, step.place) for look in looks for step in state.observe(look).transitions]


def test_a_second_fire_at_another_place_is_told_once() -> None:
    looks = burning(60, (HERE, since(0)), (THERE, since(20)))
    state = Confirmation(CONFIG, PLACES)
    steps = [step for look in looks for step in state.observe(look).transitions]

    assert [(step.change, step.label, step.place) for step in steps] == [
        ("opened", "fire", HERE),
        ("further", "fire", THERE),
    ]
    assert steps[1].opened_s == pytest.approx(20.0, abs=0.11)
    assert steps[1].at_s - 20.0 == pytest.approx(SETTLED_S + 1.25, abs=0.25)


def test_a_third_one_waits_until_the_second_was_read() -> None:
    state = Confirmation(CONFIG, PLACES)
    looks = burning(60, (HERE, since(0)), (THERE, since(20)), (FAR, since(22)))
    told_s = [step.at_s for look in looks for step in state.observe(look).transitions if step.change == "further"]

    assert len(told_s) == 2
    assert told_s[1] - told_s[0] == pytest.approx(AGAIN_AFTER_S, abs=0.11)


def test_two_fires_that_begin_together_are_one_message() -> None:
    assert steps_of(burning(60, (HERE, since(0)), (THERE, since(0)))) == [("opened", HERE)]


def test_a_fire_that_grows_into_its_neighbourhood_is_no_second_one() -> None:
    """One cell per second to the right, until it fills the row."""
    row = [3 * SIDE + column for column in range(SIDE)]
    looks = burning(60, *((place, since(2.0 * number)) for number, place in enumerate(row)))

    assert steps_of(looks) == [("opened", row[0])]


def test_a_spark_that_jumps_two_cells_belongs_to_its_fire() -> None:
    assert steps_of(burning(60, (HERE, since(0)), (HERE + 2 * SIDE + 2, since(20)))) == [("opened", HERE)]


@pytest.mark.parametrize("turn_s", [0.3, 1.0, 2.0, 4.0])
def test_two_places_that_take_turns_are_one_fire(turn_s: float) -> None:
    def here(now: float) -> float:
        return 1.0 if int(now / turn_s) % 2 == 0 else 0.0

    looks = burning(60, (HERE, lambda now: 1.0 if now < 5 else here(now)), (THERE, lambda now: 1.0 - here(now)))

    assert "further" not in [change for change, _ in steps_of(looks)]


def test_the_smoke_of_a_known_fire_drifts_where_it_likes() -> None:
    looks = [
        FrameScores(look.stream_s, at(HERE, 1.0), np.maximum(at(HERE, 1.0), at(THERE, 1.0))) for look in burning(30)
    ]

    assert steps_of(looks) == [("opened", HERE)]


def test_flames_far_from_known_smoke_worsen_it_and_flames_elsewhere_are_told_too() -> None:
    looks = []
    for number in range(600):
        now = number / 10
        fire = np.maximum(at(THERE, since(10)(now)), at(FAR, since(30)(now)))
        looks.append(FrameScores(now, fire, np.maximum(fire, at(HERE, 1.0))))

    assert steps_of(looks) == [("opened", HERE), ("worsened", THERE), ("further", FAR)]


def test_a_restart_knows_which_places_were_told() -> None:
    state = Confirmation(CONFIG, PLACES)
    state.resume("fire", 0.0, 0.0, told=[HERE])
    looks = burning(30, (HERE, since(0)), (THERE, since(0)))
    steps = [(step.change, step.place) for look in looks for step in state.observe(look).transitions]

    assert steps == [("further", THERE)]


def test_an_incident_of_an_older_version_does_not_say_where_and_nothing_is_told_twice() -> None:
    state = Confirmation(CONFIG, PLACES)
    state.resume("fire", 0.0, 0.0)
    looks = burning(30, (HERE, since(0)), (THERE, since(0)), (FAR, since(10)))
    steps = [(step.change, step.place) for look in looks for step in state.observe(look).transitions]

    assert steps == [("further", FAR)]


def test_a_model_without_activations_knows_no_places_and_tells_of_none() -> None:
    assert [change for change, _ in steps_of([FrameScores(n / 10, 1.0, 1.0) for n in range(600)])] == ["opened"]
