"""Where in the picture, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_shared.messages import Spot

_ROWS = ("top", "middle", "bottom")
_COLUMNS = ("left", "middle", "right")


def where(spot: Spot) -> str:
    """Return which ninth of the picture a point lies in: ``top left``, ``left``, ``middle`` …"""
    row, column = _ROWS[min(2, int(3 * spot.y))], _COLUMNS[min(2, int(3 * spot.x))]
    if row == column:
        return "middle"
    return " ".join(part for part in (row, column) if part != "middle")


def listed(spots: Sequence[Spot]) -> str:
    """Return where several points lie, each ninth once, in the order of telling."""
    return ", ".join(dict.fromkeys(where(spot) for spot in spots))
