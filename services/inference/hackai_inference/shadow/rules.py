"""When a candidate may judge, and when it must stop again. Pure."""

from __future__ import annotations

from typing import List, Optional

from hackai_inference.shadow.tally import Tally

# Frames that both models must have judged before anything is decided: with none in 300 that disagree, fewer than 1 in
# 100 do (rule of three, 95 %).
MIN_COMPARED = 300
# More of the frames on which the models disagree is for a person to look at, not to promote over.
MAX_RATE = 0.2
# Frames of its probation after which a promoted version is trusted.
PROBATION_FRAMES = 3000
# Failures on live frames in a row that end a probation: one may be a damaged frame, three are the model.
MAX_FAILURES = 3
# A promoted version drifts where it disagrees with its predecessor surely more often than as a candidate, by so much.
DRIFT_MARGIN = 0.05
# Fewer frames say nothing about drift.
MIN_PROBATION = 50


def objections(tally: Tally) -> List[str]:
    """Return why a candidate may not be promoted yet, empty when it may."""
    reasons = []
    if tally.compared < MIN_COMPARED:
        reasons.append(f"{tally.compared} frames were compared, {MIN_COMPARED} are needed")
    if tally.failures:
        reasons.append(f"the candidate failed on {tally.failures} frames")
    low, _ = tally.bounds()
    if low > MAX_RATE:
        reasons.append(f"the models disagree on {tally.rate:.1%} of the frames, more than {MAX_RATE:.0%}: look at them")
    return reasons


def reason_to_roll_back(before: Tally, since: Tally, failures_in_a_row: int) -> Optional[str]:
    """Return why a promoted version must go, None while all is well.

    ``before`` is the comparison with its predecessor as a candidate, ``since`` the same since it judges.
    """
    if failures_in_a_row >= MAX_FAILURES:
        return f"it failed on {failures_in_a_row} frames in a row"
    if since.compared < MIN_PROBATION:
        return None
    low, _ = since.bounds()
    _, expected = before.bounds()
    if low > expected + DRIFT_MARGIN:
        return (
            f"it disagrees with its predecessor on {since.rate:.1%} of {since.compared} frames, "
            f"as a candidate on {before.rate:.1%} of {before.compared}"
        )
    return None
