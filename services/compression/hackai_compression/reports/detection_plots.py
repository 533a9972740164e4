"""Plots of a detection job as SVG text."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

from hackai_compression.judging.detection_verdict import DetectionEvaluation
from hackai_compression.reports.plots import COLOURS, STYLE, svg_of


def precision_recall(evaluation: DetectionEvaluation) -> str:
    """One line per class; a dot where the package's own threshold is."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.4), layout="constrained")
        axes = figure.add_subplot()
        for i, (name, found) in enumerate(evaluation.classes.items()):
            colour = COLOURS[i % len(COLOURS)]
            label = f"{name}, AP50 {found.average_precision:.3f}"
            axes.plot([p[0] for p in found.curve], [p[1] for p in found.curve], color=colour, label=label)
            wrong = found.false_boxes_per_picture * evaluation.pictures
            right = found.recall * found.boxes
            if right + wrong > 0:
                axes.scatter([found.recall], [right / (right + wrong)], color=colour, zorder=3)
        title = f"{evaluation.variant}: mAP50 {evaluation.map50:.3f}"
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.05), title=title)
        axes.legend(frameon=False, loc="lower left")
        return svg_of(figure)


def training_curve(history: Sequence[dict[str, float]]) -> str:
    """Training loss and validation mAP50 over the epochs."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 3.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        epochs = [row["epoch"] + 1 for row in history]
        left.plot(epochs, [row["training_loss"] for row in history], color=COLOURS[0], marker=".")
        right.plot(epochs, [row["validation_accuracy"] for row in history], color=COLOURS[1], marker=".")
        left.set(xlabel="epoch", ylabel="training loss")
        right.set(xlabel="epoch", ylabel="validation mAP50")
        return svg_of(figure)
