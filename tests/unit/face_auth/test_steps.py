"""Challenges: a blink and a turn in each, in every order and at every pace."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from hackai_face_auth.liveness.steps import Movement, draw_steps


@pytest.mark.parametrize(("count", "kinds"), [(2, 16), (3, 112)])
def test_every_challenge_has_a_blink_and_a_turn_and_all_of_them_come(count: int, kinds: int) -> None:
    chance = random.Random(3)
    drawn = [tuple(draw_steps(count, chance)) for _ in range(60 * kinds)]
    assert len(set(drawn)) == kinds
    for steps in set(drawn):
        movements = [step.movement for step in steps]
        assert Movement.BLINK in movements
        assert {Movement.TURN_LEFT, Movement.TURN_RIGHT} & set(movements)
        assert not any(a is b is Movement.BLINK for a, b in pairwise(movements))
