"""hackai_compression.judging.alarms: what an alarm is, per source, and no figure that the sample cannot show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hackai_compression.judging.alarms import AlarmFigures, alarm_figures, points, supports
from hackai_shared.config.detection import ConfirmationConfig

CLASSES = ("fire", "no_fire", "start_fire")


def rows(*probabilities: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    return np.asarray(probabilities)


def figures(
    probabilities: npt.NDArray[np.float64], labels: list[int], sources: list[str] | None = None
) -> AlarmFigures:
    found = alarm_figures(CLASSES, probabilities, np.asarray(labels), sources or ["s"] * len(labels))
    assert found is not None
    return found


def test_fire_and_starting_fire_are_one_alarm() -> None:
    found = figures(rows((0.1, 0.2, 0.7), (0.8, 0.1, 0.1), (0.2, 0.7, 0.1)), [0, 2, 0])
    assert found.recall is not None
    assert (found.recall.count, found.recall.of) == (2, 3)
    assert found.sources["s"].accuracy.count == 0


def test_a_picture_alarms_as_a_frame_counts_for_a_camera() -> None:
    shipped = ConfirmationConfig()
    edge = shipped.smoke_reference
    found = figures(
        rows((edge / 2, 1 - edge + 1e-6, edge / 2 - 1e-6), (edge / 2, 1 - edge - 0.01, edge / 2 + 0.01)), [1, 1]
    )
    assert found.false_alarms is not None
    assert (found.false_alarms.count, found.false_alarms.of) == (1, 2)
    assert (found.fire_threshold, found.smoke_threshold) == (shipped.fire_reference, shipped.smoke_reference)


@pytest.mark.parametrize(
    ("harmless", "rate", "shown"),
    [(25, 0.001, False), (25, 0.01, False), (100, 0.01, True), (999, 0.001, False), (1000, 0.001, True)],
)
def test_a_rate_needs_a_sample_that_can_show_it(harmless: int, rate: float, shown: bool) -> None:
    assert supports(harmless, rate) is shown
    found = points(np.linspace(0.5, 1, 50), np.linspace(0, 0.4, harmless))
    assert (rate in {p.rate for p in found}) is shown


def test_a_point_has_its_bounds() -> None:
    (point,) = points(np.asarray([0.2, 0.9, 0.9, 0.9]), np.linspace(0, 0.4, 150))
    assert point.interval is not None
    assert (point.interval.count, point.interval.of, point.harmless) == (3, 4, 150)


def test_each_source_for_itself_and_the_worst_named() -> None:
    calm, loud = (0.05, 0.9, 0.05), (0.9, 0.05, 0.05)
    probabilities = rows(*[calm] * 30, *[loud] * 6, *[calm] * 24, *[loud] * 20, *[calm] * 5)
    labels = [1] * 60 + [0] * 20 + [0] * 5
    sources = ["street"] * 30 + ["kitchen"] * 30 + ["forest"] * 20 + ["tiny"] * 5
    found = figures(probabilities, labels, sources)
    assert found.worst_false_alarms == "kitchen"
    assert found.worst_recall == "forest"  # five pictures are too few to be the worst
    kitchen = found.sources["kitchen"]
    assert kitchen.false_alarms is not None
    assert (kitchen.false_alarms.count, kitchen.false_alarms.of, kitchen.recall) == (6, 30, None)


def test_classes_that_know_nothing_harmless_have_no_alarms() -> None:
    assert alarm_figures(("a", "b"), np.asarray([[0.5, 0.5]]), np.asarray([0]), ["s"]) is None
