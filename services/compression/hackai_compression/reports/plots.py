"""Plots of a job as SVG text, to stand inside of a page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from hackai_compression.judging.verdict import Evaluation

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


def pareto(evaluations: Sequence[Evaluation]) -> str:
    """Size against accuracy; the area of a dot grows with latency; the front is drawn through."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.2, 3.8), layout="constrained")
        axes = figure.add_subplot()
        points = sorted(((e.size_bytes / 1e6, 100 * e.accuracy, e) for e in evaluations), key=lambda p: p[:2])
        for i, (size, accuracy, e) in enumerate(points):
            one = next((x.median_ms for x in e.latency if x.threads == 1), 1.0)
            axes.scatter(size, accuracy, s=30 + 25 * one, color=COLOURS[i % len(COLOURS)], alpha=0.85, zorder=3)
            label = f"{e.package.split('/')[0]} {e.variant}\n{one:.2f} ms"
            axes.annotate(label, (size, accuracy), textcoords="offset points", xytext=(8, 6), fontsize=8)
        front, best = [], -np.inf
        for size, accuracy, _ in points:
            if accuracy > best:
                front.append((size, accuracy))
                best = accuracy
        axes.plot(*zip(*front, strict=True), color="#999999", linestyle="--", linewidth=1)
        axes.set(xlabel="size, MB (log)", ylabel="accuracy, %", xscale="log", title="Size, accuracy, latency")
        axes.margins(0.25)
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
        figure = Figure(figsize=(7.4, 3.2), layout="constrained")
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
