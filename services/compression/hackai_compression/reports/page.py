"""The report of a job: one self-contained page, and the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from hackai_compression.judging.mistakes import Mistake
from hackai_compression.judging.verdict import Verdict
from hackai_compression.pipeline.chain_points import CHAIN, ChainPoint
from hackai_compression.pipeline.job import DONE, RECIPE, Outcome
from hackai_compression.recipes import Recipe
from hackai_compression.reports import plots
from hackai_compression.reports.detection_page import write_detection_report
from hackai_compression.reports.gallery import exhibits
from hackai_compression.reports.pages import lay_down, render
from hackai_shared.serving.package import open_package


def write_report(out: Path, *, pictures: bool = True, to: Path | None = None) -> Path:
    """Writes `report/report.html` and `report.json` from what a job left in `out`, or the page alone as `to`.

    `pictures=False` leaves the grid of mistakes out: other people's pictures stay where they are.
    Returns the page. Works on a job that is half done or was refused: it shows what there is.
    """
    recipe = Recipe.model_validate_json((out / RECIPE).read_text(encoding="utf-8"))
    if recipe.task == "detection":
        return write_detection_report(out, recipe, to)
    outcomes = [
        Outcome.model_validate_json(p.read_text(encoding="utf-8")) for p in sorted(out.glob(f"[0-9][0-9]-*/{DONE}"))
    ]
    verdict = _verdict(out)
    gallery = []
    packages = sorted((out / "package").glob("*/*/manifest.json"))
    if pictures and packages:
        gallery = exhibits(open_package(packages[-1].parent, require_gate=False), _mistakes(out))
    evaluations = verdict.evaluations if verdict else []
    points = _chain(out)
    histories = [(o.step, o.history) for o in outcomes if o.history]
    text = render(
        "page.html.j2",
        recipe=recipe,
        outcomes=outcomes,
        verdict=verdict,
        evaluations=evaluations,
        left_out=verdict.left_out if verdict else [],
        pareto=plots.pareto(points) if points else "",
        confusions=[plots.confusion_matrix(e) for e in evaluations],
        reliabilities=[plots.reliability_diagram(e) for e in evaluations],
        curves=plots.training_curves(histories) if histories else "",
        gallery=gallery,
        pictures=pictures,
    )
    document = {
        "recipe": recipe.model_dump(mode="json"),
        "steps": [o.model_dump(mode="json", exclude={"verdict"}) for o in outcomes],
        "verdict": verdict.model_dump(mode="json") if verdict else None,
        "chain": [p.model_dump(mode="json") for p in points],
    }
    return lay_down(out, text, document, to)


def _verdict(out: Path) -> Verdict | None:
    """The judge writes it for refused models as well, which leave no outcome."""
    found = sorted(out.glob("[0-9][0-9]-*/verdict.json"))
    return Verdict.model_validate_json(found[-1].read_text(encoding="utf-8")) if found else None


def _mistakes(out: Path) -> list[Mistake]:
    found = sorted(out.glob("[0-9][0-9]-*/mistakes.json"))
    return [Mistake.model_validate(row) for row in json.loads(found[-1].read_text(encoding="utf-8"))] if found else []


def _chain(out: Path) -> list[ChainPoint]:
    found = sorted(out.glob(f"[0-9][0-9]-*/{CHAIN}"))
    return (
        [ChainPoint.model_validate(row) for row in json.loads(found[-1].read_text(encoding="utf-8"))] if found else []
    )
