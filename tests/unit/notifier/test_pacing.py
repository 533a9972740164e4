import pytest

from hackai_notifier.pacing import MAX_CHATS, Pacer, TokenBucket


def test_a_bucket_allows_a_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2.0, burst=2.0)

    assert [bucket.reserve(10.0) for _ in range(4)] == [0.0, 0.0, 0.5, 1.0]
    assert bucket.reserve(20.0) == 0.0


def test_a_clock_that_stands_still_gives_nothing_away() -> None:
    bucket = TokenBucket(rate=1.0, burst=1.0)
    bucket.reserve(10.0)

    assert bucket.reserve(9.0) == pytest.approx(1.0)


def test_a_chat_gets_one_message_a_second_after_a_burst_of_three() -> None:
    pacer = Pacer()

    assert [round(pacer.reserve(7, 0.0), 3) for _ in range(5)] == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert pacer.reserve(8, 0.0) == 0.0


def test_a_group_gets_twenty_a_minute() -> None:
    pacer = Pacer()
    sent = [number + pacer.reserve(-7, float(number)) for number in range(40)]

    within_a_minute = sum(1 for at in sent if at < 60)
    assert within_a_minute <= 20 + 20


def test_all_chats_together_get_thirty_a_second() -> None:
    pacer = Pacer()
    waits = [pacer.reserve(chat, 0.0) for chat in range(60)]

    assert waits[29] == 0.0
    assert waits[59] == pytest.approx(1.0)


def test_memory_is_bounded() -> None:
    pacer = Pacer()
    for chat in range(MAX_CHATS + 10):
        pacer.reserve(chat, float(chat))

    assert len(pacer._chats) == MAX_CHATS
