"""The threshold for a budget, and its price. Pure.

Thresholds are tested from the most reluctant one downwards, each against the same bound, and the first that fails ends
it. Because the order is fixed beforehand, the confidence holds for the chosen one although many were looked at (fixed
sequence testing: Maurer et al. 1995; Angelopoulos et al., "Learn then Test", 2021).
"""

from __future__ import annotations

from statistics import median
from typing import List, Mapping, Optional, Sequence

from pydantic import BaseModel, ConfigDict, Field

from hackai_inference.calibration.bounds import CONFIDENCE, HOURS_PER_WEEK, at_most_per_week, hours_to_prove
from hackai_shared.serving.gate_report import Judged, RecallBounds


class Row(BaseModel):
    """What a threshold costs: false alarms on quiet footage, missed and late fires on footage of fires."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    alarms: int = Field(description="on the quiet footage")
    per_week: float = Field(description="observed rate")
    at_most_per_week: float = Field(description="its upper confidence bound")
    recall: Optional[float] = Field(None, description="share of the fires that were told; None: no fires were given")
    seconds: Optional[float] = Field(None, description="median time to the alarm of those that were told")
    on_pictures: Optional[RecallBounds] = Field(
        None, description="share of the judge's test pictures of fire above the threshold, at least and at most"
    )


class Choice(BaseModel):
    """The result of a calibration."""

    model_config = ConfigDict(frozen=True)

    rows: List[Row]
    threshold: float
    budget_per_week: float
    hours: float
    confidence: float
    proved: bool = Field(description="the bound of the chosen threshold is within the budget")
    kept: bool = Field(description="no threshold is known to alarm more often than the budget allows")
    more_hours: float = Field(description="hours of quiet footage without an alarm that are missing to a proof")

    @property
    def chosen(self) -> Row:
        """The row of the chosen threshold."""
        return next(row for row in self.rows if row.threshold == self.threshold)


def price(
    alarms: Mapping[float, int],
    hours: float,
    fires: Mapping[float, Sequence[Optional[float]]],
    confidence: float = CONFIDENCE,
    judged: Optional[Judged] = None,
) -> List[Row]:
    """Return a row per threshold, from eager to reluctant.

    ``alarms`` on the quiet footage by threshold; ``fires``: for each threshold the seconds from the begin of each fire
    to its alarm, None where there was none; ``judged``: the gate report of the model that has the last word.

    Raises:
        ValueError: no time was watched.
    """
    rows = []
    for threshold in sorted(alarms):
        delays = fires.get(threshold, ())
        told = [delay for delay in delays if delay is not None]
        rows.append(
            Row(
                threshold=threshold,
                alarms=alarms[threshold],
                per_week=alarms[threshold] * HOURS_PER_WEEK / hours,
                at_most_per_week=at_most_per_week(alarms[threshold], hours, confidence),
                recall=len(told) / len(delays) if delays else None,
                seconds=median(told) if told else None,
                on_pictures=None if judged is None else judged.recall_of_fire(threshold),
            )
        )
    return rows


def choose(
    rows: Sequence[Row], budget_per_week: float, hours: float, *, usual: float, confidence: float = CONFIDENCE
) -> Choice:
    """Return the lowest threshold that keeps the budget.

    Where the footage is too short for a proof, it is the lowest one without an alarm, but none below ``usual``, the
    threshold that counts without a calibration: what was not proved does not make a camera more eager.
    """
    within = max(budget_per_week, at_most_per_week(0, hours, confidence))
    proved = within == budget_per_week
    passed: Optional[Row] = None
    for row in sorted(rows, key=lambda row: -row.threshold):
        if row.at_most_per_week > within * (1 + 1e-9) or (not proved and passed is not None and row.threshold < usual):
            break
        passed = row
    chosen = passed or max(rows, key=lambda row: row.threshold)
    return Choice(
        rows=list(rows),
        threshold=chosen.threshold,
        budget_per_week=budget_per_week,
        hours=hours,
        confidence=confidence,
        proved=proved and passed is not None,
        kept=passed is not None,
        more_hours=max(0.0, hours_to_prove(budget_per_week, confidence) - hours),
    )
