import pytest

from hackai_notifier.texts.whereabouts import listed, where
from hackai_shared.messages import Spot


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (0.0, 0.0, "top left"),
        (0.5, 0.2, "top"),
        (1.0, 1.0, "bottom right"),
        (0.2, 0.5, "left"),
        (0.5, 0.5, "middle"),
    ],
)
def test_a_point_has_a_name(x: float, y: float, words: str) -> None:
    assert where(Spot(x=x, y=y)) == words


def test_two_fires_in_one_corner_are_named_once() -> None:
    spots = [Spot(x=0.1, y=0.1), Spot(x=0.9, y=0.1), Spot(x=0.3, y=0.2)]

    assert listed(spots) == "top left, top right"
