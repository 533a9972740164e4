"""What a challenge asks for: movements in random order, each at a random pace. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Movement(StrEnum):
    """What is asked for; left and right are those of the person."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    BLINK = "blink"


class Pace(StrEnum):
    """How long it takes: a second or less, or a slow count to three."""

    QUICKLY = "quickly"
    SLOWLY = "slowly"


@dataclass(frozen=True)
class Step:
    """One movement at one pace."""

    movement: Movement
    pace: Pace


def draw_steps(count: int, chance: random.Random) -> list[Step]:
    """Return random steps with a blink and a turn among them, and no blink right after a blink.

    Two blinks in a row would look like one that flickers. Three steps make 112 challenges, four make 704: that is how
    rarely the recording of one fits another.
    """
    while True:
        movements = [chance.choice(list(Movement)) for _ in range(count)]
        blinks = [movement is Movement.BLINK for movement in movements]
        if any(blinks) and not all(blinks) and not any(a and b for a, b in pairwise(blinks)):
            return [Step(movement, chance.choice(list(Pace))) for movement in movements]
