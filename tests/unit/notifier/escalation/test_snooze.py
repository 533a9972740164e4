from datetime import UTC, datetime, timedelta

import pytest

from hackai_notifier.escalation.snooze import Window, WindowBook, parse_duration

AT = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def window(key: str = "a") -> Window:
    return Window(key=key, by="Ann", started_at=AT, duration_s=600.0)


def book_with(entry: Window, *, wall: datetime = AT, monotonic: float = 1000.0) -> WindowBook:
    book = WindowBook()
    book.put(entry, wall=wall, monotonic=monotonic)
    return book


def test_it_holds_for_its_incident_until_it_ends() -> None:
    book = book_with(window())

    assert book.find("a", wall=AT + 9 * MINUTE, monotonic=1540.0)
    assert not book.find("a", wall=AT + 10 * MINUTE, monotonic=1600.0)
    assert not book.find("b", wall=AT, monotonic=1000.0)


def test_one_of_several_keys_is_enough() -> None:
    assert book_with(window("*")).find("kitchen", "*", wall=AT, monotonic=1000.0)


def test_a_wall_clock_that_jumps_back_does_not_prolong_it() -> None:
    assert not book_with(window()).find("a", wall=AT - timedelta(days=400), monotonic=1601.0)


def test_a_wall_clock_that_jumps_forward_ends_it_rather_than_hiding_an_alarm() -> None:
    assert not book_with(window()).find("a", wall=AT + timedelta(days=1), monotonic=1001.0)


def test_after_a_restart_it_lasts_no_longer_than_it_was_made_for() -> None:
    book = book_with(window(), wall=AT - timedelta(days=400), monotonic=5.0)

    assert book.find("a", wall=AT - timedelta(days=400), monotonic=600.0)
    assert not book.find("a", wall=AT - timedelta(days=400), monotonic=606.0)


def test_it_can_be_ended() -> None:
    book = book_with(window())
    book.remove("a")

    assert book.active(wall=AT, monotonic=1000.0) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("10min", 600),
        ("90s", 90),
        ("90 sec", 90),
        ("1h 30m", 5400),
        ("15", 900),
        ("1.5h", 5400),
        ("1d", 86400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "kitchen", "0m", "2d", "10 minutes", "-5m", "m"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None
