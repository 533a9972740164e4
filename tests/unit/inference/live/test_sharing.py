"""Who gives a camera to whom."""

from __future__ import annotations

from typing import Dict, List, Set

import pytest

from hackai_inference.live.sharing import handovers, next_in_turn


def settled(holders: Dict[str, str], replicas: List[str], busy: Set[str]) -> Dict[str, str]:
    """Let all replicas share until nobody gives any more."""
    holders = dict(holders)
    for _ in range(20):
        given = [pair for me in replicas for pair in handovers(me, holders, replicas, busy)]
        if not given:
            return holders
        holders.update(given)
    raise AssertionError("they never settle")


def counts(holders: Dict[str, str], replicas: List[str]) -> List[int]:
    return sorted(list(holders.values()).count(replica) for replica in replicas)


def test_a_replica_that_joins_gets_its_share() -> None:
    holders = {f"camera-{n}": "a" for n in range(5)}

    assert counts(settled(holders, ["a", "b"], set()), ["a", "b"]) == [2, 3]


def test_one_camera_stays_where_it_is() -> None:
    assert handovers("a", {"front": "a"}, ["a", "b"], set()) == []


def test_a_difference_of_one_is_no_reason_to_move() -> None:
    assert handovers("a", {"x": "a", "y": "a", "z": "b"}, ["a", "b"], set()) == []


def test_a_camera_with_something_going_on_is_not_given_away() -> None:
    holders = {"calm": "a", "fire": "a", "smoke": "a"}

    assert handovers("a", holders, ["a", "b"], {"fire", "smoke"}) == [("calm", "b")]
    assert handovers("a", holders, ["a", "b"], {"calm", "fire", "smoke"}) == []


def test_only_the_richest_gives() -> None:
    holders = {**{f"a{n}": "a" for n in range(4)}, **{f"c{n}": "c" for n in range(3)}}

    assert handovers("c", holders, ["a", "b", "c"], set()) == []
    assert counts(settled(holders, ["a", "b", "c"], set()), ["a", "b", "c"]) == [2, 2, 3]


@pytest.mark.parametrize("replicas", [[], ["b"]])
def test_a_replica_that_is_not_counted_gives_nothing(replicas: List[str]) -> None:
    assert handovers("a", {"x": "a", "y": "a"}, replicas, set()) == []


def test_turns_go_round() -> None:
    assert [next_in_turn(me, ["b", "c", "a"]) for me in "abc"] == ["b", "c", "a"]
    assert next_in_turn("a", ["a"]) == next_in_turn("a", []) == "a"
    assert next_in_turn("d", ["a", "b"]) == "a"
