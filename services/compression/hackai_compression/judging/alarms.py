"""What a camera's owner hears of a classifier: fires that alarm, and harmless pictures that do. Pure.

Fire and starting fire are one alarm; taking one for the other costs nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.judging.intervals import Share, share
from hackai_compression.judging.metrics import Labels, Probabilities, Scores, recall_at_false_alarm_rate
from hackai_shared.config.detection import ConfirmationConfig

HARMLESS, FIRE = "no_fire", "fire"
#: Shares of the harmless pictures that may alarm.
FALSE_ALARM_RATES = (0.01, 0.001)
#: Sources with fewer pictures of a kind are not called the worst.
MIN_PICTURES = 20

Mask = npt.NDArray[np.bool_]


class FalseAlarmPoint(BaseModel):
    """One point of the trade: at most `rate` of the harmless pictures alarm."""

    model_config = ConfigDict(frozen=True)

    rate: float
    recall: float
    threshold: float
    interval: Share | None = Field(None, description="Of the recall; reports of older judges have none.")
    harmless: int | None = Field(None, description="Harmless pictures that the threshold was counted on.")


class SourceAlarms(BaseModel):
    """One place that the pictures come from. None: it has no picture of that kind."""

    model_config = ConfigDict(frozen=True)

    accuracy: Share = Field(description="Pictures whose most probable class is right.")
    recall: Share | None = Field(description="Pictures of fires that alarm at the shipped thresholds.")
    recall_at_1_percent: Share | None = Field(description="At the threshold that 1 % of all harmless pictures exceed.")
    false_alarms: Share | None = Field(description="Harmless pictures that alarm at the shipped thresholds.")


class AlarmFigures(BaseModel):
    """Of a whole set, and of every source of it.

    A picture alarms at the shipped thresholds as a frame counts for a camera with the default configuration: its score
    of fire is above `fire_threshold`, or those of fire and starting fire together are above `smoke_threshold`.
    """

    model_config = ConfigDict(frozen=True)

    fire_threshold: float
    smoke_threshold: float
    recall: Share | None
    false_alarms: Share | None
    sources: dict[str, SourceAlarms]
    worst_recall: str = Field(description="Source whose fires alarm least at the shipped thresholds; empty: too small.")
    worst_false_alarms: str = Field(description="Source whose harmless pictures alarm most; empty: too small.")


def alarm_scores(classes: Sequence[str], probabilities: Probabilities) -> Scores:
    """Score of an alarm per picture: everything that is not harmless."""
    return np.asarray(1.0 - probabilities[:, list(classes).index(HARMLESS)])


def points(positive: Scores, negative: Scores) -> list[FalseAlarmPoint]:
    """One per rate that the harmless pictures can show: where not even one of them may alarm, nothing is said."""
    found = []
    for rate in FALSE_ALARM_RATES:
        if not supports(len(negative), rate) or not len(positive):
            continue
        recall, threshold = recall_at_false_alarm_rate(positive, negative, rate)
        found.append(
            FalseAlarmPoint(
                rate=rate,
                recall=round(recall, 5),
                threshold=float(np.round(threshold, 6)),
                interval=share(int((positive > threshold).sum()), len(positive)),
                harmless=len(negative),
            )
        )
    return found


def supports(harmless: int, rate: float) -> bool:
    """Whether so many harmless pictures can show that false-alarm rate: one of them has to be allowed to alarm."""
    return harmless * rate >= 1 - 1e-9


def alarm_figures(
    classes: Sequence[str], probabilities: Probabilities, labels: Labels, sources: Sequence[str]
) -> AlarmFigures | None:
    """None where the classes do not know what harmless is."""
    if HARMLESS not in classes:
        return None
    shipped = ConfirmationConfig()
    score = alarm_scores(classes, probabilities)
    harmless = labels == list(classes).index(HARMLESS)
    counts = score > shipped.smoke_reference
    if FIRE in classes:
        counts = counts | (probabilities[:, list(classes).index(FIRE)] > shipped.fire_reference)
    trade = next((p for p in points(score[~harmless], score[harmless]) if p.rate == FALSE_ALARM_RATES[0]), None)
    beyond = score > trade.threshold if trade is not None else None
    right = probabilities.argmax(axis=1) == labels
    names = np.asarray(sources)
    rows = {str(name): _row(names == name, right, harmless, counts, beyond) for name in np.unique(names)}
    return AlarmFigures(
        fire_threshold=shipped.fire_reference,
        smoke_threshold=shipped.smoke_reference,
        recall=_part(counts, ~harmless),
        false_alarms=_part(counts, harmless),
        sources=rows,
        worst_recall=_worst(rows, lambda row: row.recall, lambda s: s.value),
        worst_false_alarms=_worst(rows, lambda row: row.false_alarms, lambda s: -s.value),
    )


def _row(here: Mask, right: Mask, harmless: Mask, counts: Mask, beyond: Mask | None) -> SourceAlarms:
    accuracy = _part(right, here)
    assert accuracy is not None
    return SourceAlarms(
        accuracy=accuracy,
        recall=_part(counts, here & ~harmless),
        recall_at_1_percent=_part(beyond, here & ~harmless) if beyond is not None else None,
        false_alarms=_part(counts, here & harmless),
    )


def _part(counts: Mask, of: Mask) -> Share | None:
    return share(int((counts & of).sum()), int(of.sum()))


def _worst(
    rows: dict[str, SourceAlarms], pick: Callable[[SourceAlarms], Share | None], badness: Callable[[Share], float]
) -> str:
    large = {name: found for name, row in rows.items() if (found := pick(row)) is not None and found.of >= MIN_PICTURES}
    return min(large, key=lambda name: badness(large[name])) if large else ""
