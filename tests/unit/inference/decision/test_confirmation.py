"""How scores of frames become a confirmed fire."""

from __future__ import annotations

import random
from typing import Iterable

import pytest

from hackai_inference.decision.confirmation import Confirmation, FrameScores, Transition, Verdict
from hackai_shared.config.detection import ConfirmationConfig

CONFIG = ConfirmationConfig()
FIRE = (1.0, 0.0)
SMOKE = (0.0, 1.0)
NOTHING = (0.0, 0.0)


def look(at: float, fire: float, start_fire: float) -> FrameScores:
    return FrameScores(at, fire, fire + start_fire)


class Camera:
    """Plays scores at 10 frames per second."""

    def __init__(self, config: ConfirmationConfig = CONFIG, fps: float = 10.0) -> None:
        self.state = Confirmation(config)
        self.frame = 0
        self.fps = fps
        self.steps: list[Transition] = []
        self.verdict: Verdict | None = None

    def show(self, scores: Iterable[tuple[float, float]]) -> Camera:
        for fire, start_fire in scores:
            self.verdict = self.state.observe(look(self.frame / self.fps, fire, start_fire))
            self.steps.extend(self.verdict.transitions)
            self.frame += 1
        return self

    @property
    def story(self) -> list[tuple[str, str]]:
        return [(step.change, step.label) for step in self.steps]

    @property
    def now(self) -> Verdict:
        assert self.verdict is not None
        return self.verdict

    @property
    def state_now(self) -> str:
        return self.now.state


def flicker(share: float, frames: int, seed: int = 7) -> list[tuple[float, float]]:
    draw = random.Random(seed)
    return [FIRE if draw.random() < share else NOTHING for _ in range(frames)]


def test_a_steady_fire_is_confirmed_soon_and_dated_to_its_first_frame() -> None:
    camera = Camera().show([NOTHING] * 10 + [FIRE] * 20)

    (opened,) = camera.steps
    assert (opened.change, opened.label) == ("opened", "fire")
    assert opened.opened_s == pytest.approx(1.0)
    assert opened.at_s == pytest.approx(1.0 + 1.25, abs=0.11)
    assert opened.frames_positive == opened.frames_seen >= 3
    assert camera.state_now == "confirmed"
    assert camera.now.evidence >= 1.0


def test_a_missing_frame_does_not_lose_a_fire() -> None:
    begins = Camera().show([FIRE, NOTHING, FIRE, FIRE] + [FIRE] * 10)
    goes_on = Camera().show([NOTHING] * 10 + [FIRE, NOTHING, FIRE, FIRE] + [FIRE] * 20)

    assert begins.story == [("opened", "fire")]
    assert goes_on.story == [("opened", "fire")]


def test_a_flash_is_only_a_suspicion() -> None:
    camera = Camera().show([NOTHING] * 10 + [FIRE])
    assert camera.state_now == "suspected"

    camera.show([NOTHING] * 10)
    assert camera.state_now == "clear"
    assert camera.story == []


def test_a_flash_after_a_long_pause_of_the_camera_is_not_a_fire() -> None:
    state = Confirmation(CONFIG)
    state.observe(look(0.0, 0.0, 0.0))

    verdicts = [state.observe(look(60.0 + at, 1.0, 0.0)) for at in (0.0, 0.1)]

    assert [verdict.state for verdict in verdicts] == ["suspected", "suspected"]


@pytest.mark.parametrize("seed", range(2))
def test_a_light_that_looks_like_fire_in_a_third_of_its_frames_is_never_confirmed(seed: int) -> None:
    camera = Camera().show(flicker(0.3, 6_000, seed))  # ten minutes

    assert camera.story == []


def test_a_sign_that_blinks_is_not_a_fire_although_it_is_lit_for_two_thirds_of_the_time() -> None:
    sign = [
        (0.95, 0.0),
        (0.9, 0.0),
        (0.2, 0.0),
        (0.95, 0.0),
        (0.9, 0.0),
        (0.9, 0.0),
        (0.3, 0.0),
        (0.2, 0.0),
        (0.9, 0.0),
    ]
    camera = Camera().show(sign * 400)

    assert camera.story == []


def test_faint_smoke_with_the_mean_score_of_that_sign_is_confirmed() -> None:
    camera = Camera().show([(0.0, 0.68), (0.05, 0.6), (0.0, 0.72), (0.0, 0.7)] * 15)

    assert camera.story == [("opened", "start_fire")]


def test_an_incident_is_confirmed_upon_a_frame_that_shows_it() -> None:
    weak_when_due = [FIRE] * 6 + [NOTHING] + [FIRE] * 20
    camera = Camera()
    for scores in weak_when_due:
        camera.show([scores])
        if camera.steps:
            break

    assert camera.now.positive


def test_smoke_takes_longer_than_fire() -> None:
    smoke = Camera().show([SMOKE] * 30)
    fire = Camera().show([FIRE] * 30)

    assert smoke.story == [("opened", "start_fire")]
    assert fire.story == [("opened", "fire")]
    assert smoke.steps[0].at_s > fire.steps[0].at_s


def test_scores_split_between_the_labels_are_a_starting_fire() -> None:
    camera = Camera().show([(0.5, 0.5)] * 30)

    assert camera.story == [("opened", "start_fire")]


def test_flames_out_of_smoke_worsen_the_same_incident() -> None:
    camera = Camera().show([SMOKE] * 30 + [FIRE] * 20)

    assert camera.story == [("opened", "start_fire"), ("worsened", "fire")]
    assert camera.steps[1].opened_s == pytest.approx(3.0)


def test_flames_while_the_smoke_was_going_are_another_fire() -> None:
    camera = Camera().show([SMOKE] * 30 + [NOTHING] * 25 + [FIRE] * 20)

    assert camera.story == [("opened", "start_fire"), ("cleared", "start_fire"), ("opened", "fire")]
    assert camera.steps[2].replaces
    assert camera.steps[2].opened_s == pytest.approx(5.5)


def test_the_same_label_that_returns_while_clearing_is_the_same_incident() -> None:
    camera = Camera().show([FIRE] * 30 + [NOTHING] * 20)
    assert camera.state_now == "clearing"

    camera.show([FIRE] * 20)
    assert camera.state_now == "confirmed"
    assert camera.story == [("opened", "fire")]


def test_an_incident_ends_and_the_next_fire_is_a_new_one() -> None:
    camera = Camera().show([FIRE] * 30 + [NOTHING] * 60 + [FIRE] * 20)

    assert camera.story == [("opened", "fire"), ("cleared", "fire"), ("opened", "fire")]
    assert not camera.steps[2].replaces
    cleared_after = camera.steps[1].at_s - 3.0
    assert CONFIG.clear_after_s <= cleared_after <= CONFIG.clear_after_s + 1.5


def test_a_fire_behind_its_own_smoke_goes_on() -> None:
    camera = Camera().show([FIRE] * 20 + [SMOKE] * 100)

    assert camera.state_now == "confirmed"
    assert camera.now.label == "fire"
    assert camera.story == [("opened", "fire")]


def test_doubt_for_a_moment_does_not_end_an_incident() -> None:
    camera = Camera().show([FIRE] * 20 + [NOTHING] * 3)

    assert camera.state_now == "confirmed"


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0, 60.0])
def test_the_frame_rate_does_not_matter(fps: float) -> None:
    camera = Camera(fps=fps).show([FIRE] * round(3 * fps))

    assert camera.steps[0].at_s == pytest.approx(0.6, abs=0.21)


def test_one_frame_a_second_still_confirms() -> None:
    camera = Camera(fps=1.0).show([FIRE] * 6)

    assert camera.story == [("opened", "fire")]
    assert camera.steps[0].frames_positive >= 3


def test_time_that_goes_backwards_counts_as_none_and_dates_the_suspicion_anew() -> None:
    state = Confirmation(CONFIG)
    for index in range(3):
        state.observe(look(100.0 + index / 10, 1.0, 0.0))
    steps: list[Transition] = []
    for index in range(20):
        steps.extend(state.observe(look(index / 10, 1.0, 0.0)).transitions)

    assert [step.change for step in steps] == ["opened"]
    assert 0.0 <= steps[0].opened_s <= steps[0].at_s < 2.0


def test_a_new_clock_keeps_the_open_incident() -> None:
    camera = Camera().show([FIRE] * 20)
    camera.state.new_clock()
    camera.frame = 0
    camera.show([FIRE] * 20)

    assert camera.story == [("opened", "fire")]
    assert camera.state_now == "confirmed"


def test_an_incident_of_an_earlier_run_goes_on_without_a_second_alarm() -> None:
    camera = Camera()
    camera.state.resume("fire", opened_s=-10.0, now=0.0)
    camera.show([FIRE] * 30)
    assert camera.story == []
    assert camera.state_now == "confirmed"

    camera.show([NOTHING] * 60)
    assert camera.story == [("cleared", "fire")]


def test_smoke_of_an_earlier_run_can_worsen() -> None:
    camera = Camera()
    camera.state.resume("start_fire", opened_s=-10.0, now=0.0)
    camera.show([FIRE] * 20)

    assert camera.story == [("worsened", "fire")]


def test_an_incident_does_not_end_while_the_camera_is_away() -> None:
    state = Confirmation(CONFIG)
    for index in range(20):
        state.observe(look(index / 10, 1.0, 0.0))

    verdict = state.observe(look(3600.0, 0.0, 0.0))

    assert verdict.label == "fire"
    assert verdict.transitions == ()
