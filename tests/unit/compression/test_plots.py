from __future__ import annotations

from hackai_compression.pipeline.chain_points import ChainPoint
from hackai_compression.reports.plots import front_of, pareto


def point(name: str, accuracy: float, size: int, ms: float) -> ChainPoint:
    return ChainPoint(name=name, architecture="net", accuracy=accuracy, size_bytes=size, macs=1, median_ms=ms)


POINTS = [
    point("teacher", 0.96, 14_000_000, 12.0),
    point("slow", 0.95, 3_000_000, 13.0),
    point("small", 0.95, 800_000, 4.0),
    point("fast", 0.95, 900_000, 2.0),
    point("worse", 0.94, 900_000, 4.0),
]


def test_the_front_holds_what_nothing_beats_in_all_three() -> None:
    assert [p.name for p in front_of(POINTS)] == ["teacher", "small", "fast"]
    assert front_of([POINTS[0], POINTS[0]]) == [POINTS[0], POINTS[0]]  # equals do not beat each other


def test_every_point_is_named_with_its_figures() -> None:
    drawn = pareto(POINTS)
    assert drawn.startswith("<svg")
    for p in POINTS:
        assert f"{p.name} (net)" in drawn
    assert "95.0 %, 0.80 MB, 4.0 ms" in drawn
