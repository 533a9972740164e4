"""Figures for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from hackai_face_auth.evaluation.bounds import Rate
from hackai_face_auth.evaluation.calibration import Calibration
from hackai_face_auth.evaluation.run import Evaluation


def print_evaluation(report: Evaluation) -> None:
    """Print an evaluation."""
    console = Console()
    console.print(
        f"{report.folder}: {report.pictures} pictures, {len(report.without_face)} without a face", markup=False
    )
    console.print(f"model {report.model_id}, threshold {report.threshold:g}", markup=False)
    if report.verification is not None:
        verification = report.verification
        table = Table("rate of false accepts", "threshold", "true accepts", "false accepts", title="Verification (1:1)")
        for point in verification.points:
            note = "" if point.resolvable else " (too few pairs)"
            table.add_row(f"{point.target_far:g}{note}", f"{point.threshold:.3f}", _show(point.tar), _show(point.far))
        own = verification.at_threshold
        table.add_row("as configured", f"{own.threshold:.3f}", _show(own.tar), _show(own.far))
        console.print(table)
    if report.open_set is not None:
        found = report.open_set
        table = Table("", "rate", title=f"Open set: {found.people} people, {found.templates} photos in the gallery")
        table.add_row("identified", _show(found.identified))
        table.add_row("taken for another person", _show(found.misidentified))
        table.add_row("strangers taken for somebody", _show(found.false_positives))
        console.print(table)
        console.print(f"highest cosine of a stranger: {found.highest_stranger:.3f}", markup=False)


def print_calibration(report: Calibration) -> None:
    """Print a calibration."""
    console = Console()
    console.print(f"{report.people} strangers, {report.pairs} pairs, highest cosine {report.highest:.3f}", markup=False)
    if report.same_picture:
        console.print(f"{report.same_picture} pairs are the same picture twice and were left out", markup=False)
    console.print(f"threshold for FAR {report.wanted_far:g}: {report.threshold:.3f}", markup=False, style="bold")
    console.print(
        f"false accepts at it: {report.false_accepts} of {report.pairs}; the rate is below {report.bound:.2g} at 95 %",
        markup=False,
    )
    if not report.supported:
        console.print("too few strangers to show the wanted rate: add more, or take a higher threshold", style="yellow")
    console.print(f"config.yml:  faces: {{ threshold: {report.threshold:.3f} }}", markup=False)


def _show(value: Rate) -> str:
    return (
        f"{100 * value.value:.2f} % ({value.events}/{value.trials}; 95 %: {100 * value.low:.2f}-{100 * value.high:.2f})"
    )
