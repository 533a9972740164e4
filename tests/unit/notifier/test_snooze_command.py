import pytest

from hackai_notifier.bot.snooze import SnoozeRequest, parse_request


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("", SnoozeRequest(None, None, False)),
        ("30m", SnoozeRequest(None, 1800.0, False)),
        ("kitchen", SnoozeRequest("kitchen", None, False)),
        ("kitchen 30m", SnoozeRequest("kitchen", 1800.0, False)),
        ("Front door 1h 30m", SnoozeRequest("Front door", 5400.0, False)),
        ("off", SnoozeRequest(None, None, True)),
        ("kitchen off", SnoozeRequest("kitchen", None, True)),
        ("kitchen 9d", None),
        ("0m", None),
    ],
)
def test_what_somebody_asks_for(words: str, request_: SnoozeRequest | None) -> None:
    assert parse_request(words.split()) == request_
