"""The report as a picture: latency and throughput side by side, with the conditions they were measured under."""

from __future__ import annotations

from pathlib import Path

from hackai_inference.bench.report import Report

DARK, LIGHT = "#c2410c", "#fdba74"


def draw(report: Report, path: Path) -> None:
    """Write a PNG (or what the suffix says).

    Raises:
        ImportError: matplotlib is not installed.
        OSError: it cannot be written.
    """
    from matplotlib.figure import Figure  # only who wants a picture needs it

    rows = list(reversed(report.rows))
    figure = Figure(figsize=(11, 1.8 + 0.5 * len(rows)), layout="constrained")
    latency, throughput = figure.subplots(1, 2, sharey=True)
    places = list(range(len(rows)))
    latency.barh(places, [row.p99_ms for row in rows], color=LIGHT, label="99th percentile")
    latency.barh(places, [row.p50_ms for row in rows], color=DARK, label="median")
    latency.set_yticks(places, [f"{row.title}\n{row.runtime}" for row in rows])
    latency.set_xlabel("latency of one picture, ms")
    latency.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize="small", frameon=False)
    throughput.barh(places, [row.pictures_per_s for row in rows], color=DARK)
    throughput.set_xlabel("pictures per second")
    for place, row in zip(places, rows):
        latency.annotate(f" {row.p50_ms:.2f} / {row.p99_ms:.2f}", (row.p99_ms, place), va="center", fontsize="small")
        throughput.annotate(f" {row.pictures_per_s:.0f}", (row.pictures_per_s, place), va="center", fontsize="small")
    for axes in (latency, throughput):
        axes.margins(x=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{report.before.summary()}\n{report.measured_at:%Y-%m-%d %H:%M} UTC", fontsize="medium")
    figure.savefig(str(path), dpi=120)
