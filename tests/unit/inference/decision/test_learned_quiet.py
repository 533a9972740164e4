"""What a camera learns from its quiet: bounds, what is never learned, break-through, expiry, restarts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hackai_inference.decision.confirmation import Confirmation, FrameScores
from hackai_inference.decision.evidence import raised_reference
from hackai_inference.decision.learned_quiet import (
    ENOUGH_MINUTES,
    HALF_LIFE,
    HIGHEST,
    SLOT_HOURS,
    TAUGHT_FOR,
    LearnedQuiet,
    excess_of,
)
from hackai_inference.decision.places import PLACES
from hackai_inference.decision.quiet_archive import DamagedArchive, pack, unpack
from hackai_shared.config.detection import ConfirmationConfig

NOON = datetime(2026, 11, 2, 12, tzinfo=timezone.utc)
LAMP = 100
STILL = np.full(PLACES, 2.0)
ALIVE = np.zeros(PLACES)


def scores(score: float, place: int = LAMP) -> "np.ndarray":
    """A picture that is suspicious at one place."""
    everywhere = np.full(PLACES, 0.02)
    everywhere[place] = score
    return everywhere


def watch(
    quiet: LearnedQuiet,
    score: float,
    minutes: float,
    *,
    at: datetime = NOON,
    plain: "np.ndarray" = STILL,
    burns: bool = False,
    place: int = LAMP,
) -> datetime:
    """Show a camera so many minutes, a frame a second; return the time after them."""
    excess = excess_of(scores(score, place), 0.5)
    for seconds in range(round(minutes * 60)):
        quiet.watch(excess, plain, at.timestamp() + seconds, at + timedelta(seconds=seconds), burns=burns)
    return at + timedelta(minutes=minutes)


def counts_from(quiet: LearnedQuiet, at: datetime, place: int = LAMP) -> float:
    return float(raised_reference(0.5, quiet.raised(at)[place]))


def alarms(quiet: LearnedQuiet, at: datetime, score: "np.ndarray", *, extent: float = 0.1, seconds: float = 8) -> bool:
    """Whether what lives and scores so would be confirmed."""
    state = Confirmation(ConfirmationConfig(), PLACES)
    steps = []
    for number in range(round(seconds * 10)):
        grown = extent * (1 + number / 20)
        usual = quiet.usual_extent(at)
        look = FrameScores(number / 10, score, score, extent=grown, learned=quiet.raised(at), usual_extent=usual)
        steps += state.observe(look).transitions
    return bool(steps)


def test_a_lamp_that_is_suspicious_for_an_hour_no_longer_alarms_when_somebody_walks_past_it() -> None:
    quiet = LearnedQuiet()
    assert alarms(quiet, NOON, scores(0.8), extent=0.0)
    after = watch(quiet, 0.8, 75)
    assert 0.8 < counts_from(quiet, after) < 0.93
    assert not alarms(quiet, after, scores(0.8), extent=0.0)


def test_less_than_an_hour_is_too_little_to_learn_from() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.8, ENOUGH_MINUTES - 1)
    assert counts_from(quiet, after) == 0.5


def test_only_the_place_and_its_neighbors_are_raised() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.8, 75)
    assert counts_from(quiet, after, LAMP + 1) > 0.8
    assert counts_from(quiet, after, LAMP + 2) == 0.5
    assert alarms(quiet, after, scores(0.8, LAMP + 5), extent=0.0)


def test_a_fire_without_a_doubt_breaks_through_what_was_learned_and_taught() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.87, 75)
    quiet.note_incident("lamp", excess_of(scores(0.999), 0.5))
    quiet.teach("lamp", after)
    assert counts_from(quiet, after) == pytest.approx(0.97)
    assert alarms(quiet, after, scores(0.995), extent=0.0)


def test_what_grows_has_the_plain_threshold_again() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.8, 75)
    assert not alarms(quiet, after, scores(0.8), extent=0.0)
    assert alarms(quiet, after, scores(0.8), extent=0.1)


def test_the_extent_of_a_false_alarm_is_usual_and_what_outgrows_it_is_not() -> None:
    """A sunset that comes and goes stays silent; what becomes larger than it ever was has the plain threshold."""
    quiet = LearnedQuiet()
    quiet.note_incident("sunset", excess_of(scores(0.9), 0.4), extent=0.4)
    quiet.teach("sunset", NOON)
    state = Confirmation(ConfirmationConfig(), PLACES)
    silent = True
    for number in range(150):
        extent = 0.1 * (1 + number / 20)
        usual = quiet.usual_extent(NOON)
        look = FrameScores(
            number / 10, scores(0.9), scores(0.9), extent=extent, learned=quiet.raised(NOON), usual_extent=usual
        )
        alarmed = bool(state.observe(look).transitions)
        assert not (alarmed and extent < 1.3 * 0.4)
        silent = silent and not alarmed
    assert not silent
    assert unpack(pack(quiet)).usual_extent(NOON) == 0.4


def test_what_lives_and_is_above_the_plain_threshold_is_never_learned() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.7, 90, plain=ALIVE)
    assert quiet.known_days == 0.0
    assert counts_from(quiet, after) == 0.5


def test_a_smolder_that_becomes_a_fire_within_minutes_is_forgotten_with_it() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.02, 100)
    known = quiet.known_days
    after = watch(quiet, 0.8, 9, at=after)
    after = watch(quiet, 0.99, 1, at=after, plain=ALIVE, burns=True)
    after = watch(quiet, 0.02, 60, at=after)
    assert counts_from(quiet, after) == 0.5
    assert quiet.known_days < known + 60 / 1440


def test_learning_does_not_climb_on_its_own_shoulders() -> None:
    """A score that creeps up for days raises the threshold up to where evidence begins without learning, no further."""
    quiet, after = LearnedQuiet(), NOON
    for score in np.linspace(0.5, 0.99, 8):
        after = watch(quiet, float(score), 90, at=after)
    still = float(raised_reference(0.5, 2.0))
    assert counts_from(quiet, after) <= float(raised_reference(still, 1.0))


def test_a_false_alarm_teaches_its_place_at_once_and_only_once() -> None:
    quiet = LearnedQuiet()
    quiet.note_incident("sunset", excess_of(scores(0.9), 0.5))
    assert quiet.teach("sunset", NOON)
    assert 0.9 < counts_from(quiet, NOON) <= 0.97
    assert not alarms(quiet, NOON, scores(0.9), extent=0.0)
    assert not quiet.teach("sunset", NOON)
    assert not quiet.teach("of another camera", NOON)
    assert quiet.known(NOON).false_alarms == 1


def test_a_false_alarm_is_forgotten_after_a_month_and_habits_with_their_half_life() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.8, 75)
    quiet.note_incident("sunset", excess_of(scores(0.9, 10), 0.5))
    quiet.teach("sunset", after)
    later = after + TAUGHT_FOR + timedelta(hours=1)
    watch(quiet, 0.02, 0.1, at=later)
    assert counts_from(quiet, later, 10) == 0.5
    assert counts_from(quiet, later) == 0.5, "an hour of November says nothing in January"
    assert later - after > HALF_LIFE


def test_other_hours_know_nothing_of_an_evening_lamp_once_they_know_enough_themselves() -> None:
    quiet = LearnedQuiet()
    evening = NOON.replace(hour=18)
    watch(quiet, 0.8, 90, at=evening)
    night = evening + timedelta(hours=3 * SLOT_HOURS)
    after = watch(quiet, 0.02, 90, at=night)
    assert counts_from(quiet, after) == 0.5
    assert counts_from(quiet, evening + timedelta(days=1)) > 0.8


def test_a_moved_camera_forgets_everything() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.8, 75)
    quiet.note_incident("sunset", excess_of(scores(0.9, 10), 0.5))
    quiet.teach("sunset", after)
    quiet.forget("fault-1")
    assert not quiet.raised(after).any()
    assert quiet.known(after).days == 0.0
    assert quiet.moved_by == "fault-1"


def test_a_restart_keeps_what_was_learned() -> None:
    quiet = LearnedQuiet()
    after = watch(quiet, 0.8, 75)
    quiet.note_incident("sunset", excess_of(scores(0.9, 10), 0.5))
    quiet.teach("sunset", after)
    quiet.note_incident("open", excess_of(scores(0.7, 20), 0.5))
    kept = unpack(pack(quiet))
    assert kept.raised(after) == pytest.approx(quiet.raised(after), abs=1e-5)
    assert kept.known(after).days == quiet.known(after).days
    assert not kept.teach("sunset", after)
    assert kept.teach("open", after)
    assert len(pack(quiet)) < 100_000


@pytest.mark.parametrize("damage", [b"", b"no archive", pack(LearnedQuiet())[:-40], b"x" * 2_000_000])
def test_damaged_bytes_are_not_believed(damage: bytes) -> None:
    with pytest.raises(DamagedArchive):
        unpack(damage)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1), st.sampled_from([ALIVE, STILL]), st.booleans(), st.floats(0, 90_000), st.integers(0, 255)
        ),
        min_size=1,
        max_size=40,
    )
)
def test_no_footage_raises_a_threshold_beyond_its_bound(
    footage: "list[tuple[float, np.ndarray, bool, float, int]]",
) -> None:
    quiet, at = LearnedQuiet(), NOON
    for score, plain, burns, pause, place in footage:
        excess = excess_of(scores(score, place), 0.4)
        for second in range(3):
            quiet.watch(excess, plain, at.timestamp() + second, at + timedelta(seconds=second), burns=burns)
        quiet.note_incident(str(place), excess)
        if burns:
            quiet.teach(str(place), at)
        at += timedelta(seconds=pause)
    raised = quiet.raised(at)
    assert (raised >= 0.0).all()
    assert (raised <= HIGHEST + 1e-6).all()
    assert unpack(pack(quiet)).raised(at) == pytest.approx(raised, abs=1e-4)
