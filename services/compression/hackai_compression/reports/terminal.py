"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from hackai_compression.judging.verdict import Evaluation


def evaluation_table(evaluations: Sequence[Evaluation]) -> Table:
    """One row per evaluated variant."""
    table = Table(title=evaluations[0].package if evaluations else None)
    for title in ("variant", "pictures", "accuracy", "recall", "fire @ 1 % / 0.1 %", "AUROC", "kB", "MMAC", "ms (1 / 2)"):
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
