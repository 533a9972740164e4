"""Tables and progress bars for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as ProgressBars
from rich.table import Table

from hackai_compression.judging.detection_verdict import DetectionEvaluation
from hackai_compression.judging.verdict import Evaluation
from hackai_compression.pipeline.job import Outcome
from hackai_compression.pipeline.progress import ProgressEvent


def evaluation_table(evaluations: Sequence[Evaluation]) -> Table:
    """One row per evaluated variant."""
    table = Table(title=evaluations[0].package if evaluations else None)
    for title in (
        "variant",
        "pictures",
        "accuracy",
        "recall",
        "fire @ 1 % / 0.1 %",
        "AUROC",
        "kB",
        "MMAC",
        "ms (1 / 2)",
    ):
        table.add_column(title, justify="left" if title == "variant" else "right")
    for e in evaluations:
        points = {p.rate: p.recall for p in e.fire_recall_at_false_alarm_rate}
        table.add_row(
            e.variant,
            str(e.pictures),
            f"{100 * e.accuracy:.2f} %",
            "  ".join(f"{name} {100 * value:.1f}" for name, value in e.recall.items()),
            " / ".join(f"{100 * points[r]:.1f} %" for r in sorted(points, reverse=True)) or "-",
            f"{e.auroc['alarm']:.4f}" if "alarm" in e.auroc else "-",
            f"{e.size_bytes / 1000:.0f}",
            f"{e.macs / 1e6:.0f}",
            " / ".join(f"{x.median_ms:.2f}" for x in e.latency) or "-",
        )
    return table


def detection_table(evaluations: Sequence[DetectionEvaluation]) -> Table:
    """One row per class of every evaluated variant of a detector."""
    table = Table(title=evaluations[0].package if evaluations else None)
    titles = (
        "variant",
        "pictures",
        "mAP50",
        "class",
        "boxes",
        "AP50",
        "recall @ 0.1 / 1 wrong boxes",
        "kB",
        "ms (1 / 2)",
    )
    for title in titles:
        table.add_column(title, justify="left" if title in {"variant", "class"} else "right")
    for e in evaluations:
        for name, found in e.classes.items():
            recall = {p.per_picture: f"{100 * p.recall:.1f} %" for p in found.recall_at_false_boxes}
            table.add_row(
                e.variant,
                str(e.pictures),
                f"{e.map50:.3f}",
                name,
                str(found.boxes),
                f"{found.average_precision:.3f}",
                f"{recall[0.1]} / {recall[1.0]}",
                f"{e.size_bytes / 1000:.0f}",
                " / ".join(f"{x.median_ms:.2f}" for x in e.latency) or "-",
            )
    return table


def job_summary(outcomes: Sequence[Outcome]) -> Table:
    """One row per step, then what the judge found."""
    table = Table(title="steps")
    for title in ("step", "seconds", "figures", "notes"):
        table.add_column(title)
    for outcome in outcomes:
        figures = "  ".join(f"{k} {v:,.4g}" for k, v in outcome.figures.items())
        table.add_row(outcome.step, f"{outcome.seconds:.0f}", figures, "; ".join(outcome.notes))
        for e in outcome.verdict.evaluations if outcome.verdict is not None else ():
            table.add_row("", "", f"{e.variant}: {100 * e.accuracy:.2f} %, {e.size_bytes} bytes", "")
        for d in outcome.detection.evaluations if outcome.detection is not None else ():
            table.add_row("", "", f"{d.variant}: mAP50 {d.map50:.3f}, {d.size_bytes} bytes", "")
    return table


class LiveProgress:
    """A sink that draws one bar per step, with the time left."""

    def __init__(self, console: Console) -> None:
        self._bars = ProgressBars(
            TextColumn("{task.description:12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> LiveProgress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, event: ProgressEvent) -> None:
        """Takes one event of the job."""
        if event.step not in self._tasks:
            self._tasks[event.step] = self._bars.add_task(event.step, total=None, text="")
        task = self._tasks[event.step]
        text = event.text or "  ".join(f"{k} {v:.4g}" for k, v in list(event.figures.items())[:4])
        if event.kind == "progress":
            self._bars.update(task, completed=event.done, total=event.total, text=text)
        elif event.kind in {"finished", "skipped"}:
            self._bars.update(task, completed=1, total=1, text=text)
        else:
            self._bars.update(task, text=text)
