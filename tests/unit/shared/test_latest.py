"""The mailbox that holds the newest item per key."""

from __future__ import annotations

import threading
from typing import List, Optional, Tuple

from hackai_shared.latest import LatestMailbox


def test_the_newest_item_replaces_the_one_before() -> None:
    box: LatestMailbox[str, int] = LatestMailbox()

    assert [box.put("a", n) for n in (1, 2, 3)] == [False, True, True]

    assert box.take(0) == ("a", 3)
    assert box.take(0) is None
    assert box.dropped("a") == 2


def test_a_busy_key_does_not_starve_another() -> None:
    box: LatestMailbox[str, int] = LatestMailbox()
    box.put("busy", 1)
    box.put("calm", 1)
    box.put("busy", 2)

    assert [box.take(0), box.take(0)] == [("busy", 2), ("calm", 1)]


def test_closing_wakes_a_waiting_taker_and_keeps_what_is_stored() -> None:
    box: LatestMailbox[str, int] = LatestMailbox()
    taken: List[Optional[Tuple[str, int]]] = []
    taker = threading.Thread(target=lambda: taken.append(box.take(30)))
    taker.start()

    box.close()
    taker.join(10)

    assert taken == [None]
    box.put("a", 1)
    assert box.take() == ("a", 1)


def test_two_takers_share_the_items_without_repeats() -> None:
    box: LatestMailbox[int, int] = LatestMailbox()
    seen: List[int] = []
    lock = threading.Lock()

    def work() -> None:
        while True:
            item = box.take()
            if item is None:
                return
            with lock:
                seen.append(item[1])

    takers = [threading.Thread(target=work) for _ in range(2)]
    for taker in takers:
        taker.start()
    for number in range(500):
        box.put(number, number)
    box.close()
    for taker in takers:
        taker.join(10)

    assert sorted(seen) == list(range(500))


def test_one_key_can_be_taken_by_itself() -> None:
    box: LatestMailbox[str, int] = LatestMailbox()
    box.put("a", 1)
    box.put("b", 2)
    box.put("b", 3)

    assert [box.take_key("b"), box.take_key("b"), box.take_key("c")] == [3, None, None]
    assert box.take(0) == ("a", 1)
