"""Plots of a job as SVG text, to stand inside of a page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from hackai_compression.judging.verdict import Evaluation
from hackai_compression.pipeline.chain_points import ChainPoint

mpl.use("svg")
STYLE = {
    "svg.fonttype": "none",
    # The same figures give the same bytes: pages can be compared.
    "svg.hashsalt": "hackai",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
}
COLOURS = ("#d1495b", "#2e7d6b", "#edae49", "#30638e", "#8d6a9f", "#6b705c")


def front_of(points: Sequence[ChainPoint]) -> list[ChainPoint]:
    """Those that no other beats: as good in accuracy, size and latency, and better in one of them."""

    def beats(a: ChainPoint, b: ChainPoint) -> bool:
        ours = (a.accuracy, -a.size_bytes, -a.median_ms)
        theirs = (b.accuracy, -b.size_bytes, -b.median_ms)
        return ours != theirs and all(x >= y for x, y in zip(ours, theirs, strict=True))

    return [p for p in points if not any(beats(other, p) for other in points)]


def pareto(points: Sequence[ChainPoint]) -> str:
    """Accuracy against size and against latency, the chain in order; what another beats in everything is hollow."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        by_size, by_time = figure.subplots(1, 2, sharey=True)
        front = front_of(points)
        for i, p in enumerate(points):
            colour = COLOURS[i % len(COLOURS)]
            figures = f"{100 * p.accuracy:.1f} %, {p.size_bytes / 1e6:.2f} MB, {p.median_ms:.1f} ms"
            label = f"{p.name} ({p.architecture}): {figures}"
            look = {"edgecolors": colour, "facecolors": colour if p in front else "white", "s": 70, "linewidths": 1.8}
            marker = "os^Dv"[i // len(COLOURS) % 5]
            by_size.scatter(p.size_bytes / 1e6, 100 * p.accuracy, marker=marker, label=label, zorder=3, **look)
            by_time.scatter(p.median_ms, 100 * p.accuracy, marker=marker, zorder=3, **look)
        by_size.set(xlabel="size, MB", ylabel="validation accuracy, %", xscale="log")
        by_time.set(xlabel="one picture on one thread, ms", xscale="log")
        for axes in (by_size, by_time):
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.margins(0.15)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8.5)
        return svg_of(figure)


def confusion_matrix(evaluation: Evaluation) -> str:
    """Rows are true classes; shares of the row as colour, counts as numbers."""
    with mpl.rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(3.6, 3.2), layout="constrained")
        axes = figure.add_subplot()
        table = np.asarray(evaluation.confusion, dtype=float)
        share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axes.imshow(share, cmap="YlOrRd", vmin=0, vmax=1)
        ticks = range(len(evaluation.classes))
        axes.set_xticks(ticks, evaluation.classes, rotation=20)
        axes.set_yticks(ticks, evaluation.classes)
        for i in ticks:
            for j in ticks:
                ink = "white" if share[i, j] > 0.6 else "black"
                axes.text(j, i, f"{int(table[i, j])}", ha="center", va="center", color=ink)
        axes.set(xlabel="predicted", ylabel="true", title=evaluation.variant)
        return svg_of(figure)


def reliability_diagram(evaluation: Evaluation) -> str:
    """Accuracy against confidence; on the diagonal, confidences are honest."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 3.2), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1)
        rows = evaluation.reliability
        axes.scatter(
            [r[1] for r in rows], [r[2] for r in rows], s=[20 + 400 * r[0] for r in rows], color=COLOURS[3], alpha=0.7
        )
        title = f"{evaluation.variant}: calibration error {100 * evaluation.calibration_error:.1f} %"
        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0.3, 1.02), ylim=(0, 1.05), title=title)
        return svg_of(figure)


def training_curves(histories: Sequence[tuple[str, Sequence[dict[str, float]]]]) -> str:
    """Validation loss and accuracy of every training step over its epochs."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        for i, (name, history) in enumerate(histories):
            epochs = [row["epoch"] + 1 for row in history]
            colour = COLOURS[i % len(COLOURS)]
            left.plot(epochs, [row["validation_loss"] for row in history], color=colour, marker=".", label=name)
            right.plot(epochs, [100 * row["validation_accuracy"] for row in history], color=colour, marker=".")
        left.set(xlabel="epoch", ylabel="validation loss")
        right.set(xlabel="epoch", ylabel="validation accuracy, %")
        left.legend(frameon=False)
        return svg_of(figure)


def svg_of(figure: Figure) -> str:
    """The figure as an SVG element, without a date."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
