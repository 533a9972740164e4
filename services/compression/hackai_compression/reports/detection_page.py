"""The report of a detection job: one self-contained page, and the same as JSON. No picture is on it."""

from __future__ import annotations

from pathlib import Path

from hackai_compression.judging.detection_verdict import DetectionVerdict
from hackai_compression.judging.evaluate_detector import FALSE_BOXES
from hackai_compression.pipeline.job import DONE, Outcome
from hackai_compression.recipes import Recipe
from hackai_compression.reports import detection_plots
from hackai_compression.reports.pages import lay_down, render


def write_detection_report(out: Path, recipe: Recipe, to: Path | None = None) -> Path:
    """Writes `report/report.html` and `report.json`, or the page alone as `to`; returns the page.

    Shows what there is of a job half done.
    """
    outcomes = [
        Outcome.model_validate_json(p.read_text(encoding="utf-8")) for p in sorted(out.glob(f"[0-9][0-9]-*/{DONE}"))
    ]
    found = sorted(out.glob("[0-9][0-9]-*/detection.json"))
    verdict = DetectionVerdict.model_validate_json(found[-1].read_text(encoding="utf-8")) if found else None
    evaluations = verdict.evaluations if verdict is not None else []
    history = next((o.history for o in outcomes if o.history), [])
    rates = list(FALSE_BOXES) if evaluations else []
    text = render(
        "detection.html.j2",
        recipe=recipe,
        outcomes=outcomes,
        verdict=verdict,
        rates=rates,
        curves=[detection_plots.precision_recall(e) for e in evaluations],
        training=detection_plots.training_curve(history) if history else "",
    )
    document = {
        "recipe": recipe.model_dump(mode="json"),
        "steps": [o.model_dump(mode="json", exclude={"verdict", "detection"}) for o in outcomes],
        "verdict": verdict.model_dump(mode="json") if verdict else None,
    }
    return lay_down(out, text, document, to)
