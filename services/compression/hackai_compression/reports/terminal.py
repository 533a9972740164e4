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
from hackai_compression.judging.intervals import Mean, Share
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
        "alarm @ 1 %",
        "alarm as shipped",
        "false alarms",
        "AUROC",
        "kB",
        "MMAC",
        "ms (1 / 2)",
    ):
        table.add_column(title, justify="left" if title == "variant" else "right")
    for e in evaluations:
        points = {p.rate: p.interval for p in e.alarm_recall_at_false_alarm_rate}
        alarm, false_alarms = (e.alarm.recall, e.alarm.false_alarms) if e.alarm is not None else (None, None)
        table.add_row(
            e.variant,
            str(e.pictures),
            str(e.accuracy_interval or f"{100 * e.accuracy:.2f} %"),
            "  ".join(f"{name} {100 * value:.1f}" for name, value in e.recall.items()),
            _said(points.get(0.01)),
            _said(alarm),
            _said(false_alarms),
            f"{e.auroc['alarm']:.4f}" if "alarm" in e.auroc else "-",
            f"{e.size_bytes / 1000:.0f}",
            f"{e.macs / 1e6:.0f}",
            " / ".join(f"{x.median_ms:.2f}" for x in e.latency) or "-",
        )
    return table


def source_table(e: Evaluation) -> Table | None:
    """One row per source; None where there is no figure of a source."""
    if e.alarm is None:
        return None
    table = Table(
        title=f"{e.variant} by source, as shipped",
        caption=f"An alarm: fire above {e.alarm.fire_threshold:g}, or fire and starting fire together above "
        f"{e.alarm.smoke_threshold:g}. Bounds hold with 95 %.",
    )
    for title in ("source", "accuracy", "alarm", "alarm @ 1 %", "false alarms"):
        table.add_column(title, justify="left" if title == "source" else "right")
    for name, row in sorted(e.alarm.sources.items()):
        marks = "".join(
            f" ({what})"
            for what, worst in (("fewest alarms", e.alarm.worst_recall), ("most false", e.alarm.worst_false_alarms))
            if worst == name
        )
        table.add_row(
            name + marks, str(row.accuracy), _said(row.recall), _said(row.recall_at_1_percent), _said(row.false_alarms)
        )
    return table


def _said(value: Share | Mean | None) -> str:
    return str(value) if value is not None else "-"


def detection_table(evaluations: Sequence[DetectionEvaluation]) -> Table:
    """One row per class of every evaluated variant of a detector."""
    table = Table(title=evaluations[0].package if evaluations else None)
    titles = (
        "variant",
        "pictures",
        "class",
        "boxes",
        "pointing",
        "overlap",
        "AP50",
        "recall @ 0.1 / 1 wrong boxes",
        "kB",
        "ms (1 / 2)",
    )
    for title in titles:
        table.add_column(title, justify="left" if title in {"variant", "class"} else "right")
    for e in evaluations:
        pace = (f"{e.size_bytes / 1000:.0f}", " / ".join(f"{x.median_ms:.2f}" for x in e.latency) or "-")
        whole = (_said(e.pointing), _said(e.overlap), f"mAP50 {e.map50:.3f}", "")
        table.add_row(e.variant, str(e.pictures), "all", str(sum(c.boxes for c in e.classes.values())), *whole, *pace)
        for name, found in e.classes.items():
            if not found.boxes:
                continue
            recall = {p.per_picture: f"{100 * p.recall:.1f} %" for p in found.recall_at_false_boxes}
            table.add_row(
                "",
                str(found.pictures),
                name,
                str(found.boxes),
                _said(found.pointing),
                _said(found.overlap),
                f"{found.average_precision:.3f}",
                f"{recall[0.1]} / {recall[1.0]}",
            )
    return table


def detection_source_table(e: DetectionEvaluation) -> Table | None:
    """One row per source of the pictures; None where nobody says where they come from."""
    if not e.sources:
        return None
    table = Table(title=f"{e.variant} by source", caption="Bounds hold with 95 %.")
    for title in ("source", "pictures", "pointing", "overlap", "false alarms"):
        table.add_column(title, justify="left" if title == "source" else "right")
    for name, row in e.sources.items():
        mark = " (worst)" if name == e.worst_source and len(e.sources) > 1 else ""
        shares = (_said(row.pointing), _said(row.overlap), _said(row.false_alarms))
        table.add_row(name + mark, str(row.pictures), *shares)
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
