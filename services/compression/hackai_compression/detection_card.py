"""The model card of a detector."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_compression.judging.detection_verdict import DetectionEvaluation, DetectionVerdict
from hackai_compression.judging.intervals import Mean, Share
from hackai_compression.recipes import Recipe


def write_detection_card(recipe: Recipe, architecture: str, verdict: DetectionVerdict) -> str:
    """Markdown. Every figure is the judge's; nothing is typed in by hand."""
    package, size = recipe.package, recipe.size
    lines = [
        f"# {package.name} {package.version}",
        "",
        package.about.strip() or f"A detector of {', '.join(recipe.classes)}.",
        "",
        f"- Architecture: {architecture} features of strides 8, 16 and 32 with an anchor-free head; input "
        f"{size} x {size} RGB (uint8, the whole picture squeezed to a square)",
        f"- Outputs: `boxes` (N, K, 4), left, top, right, bottom in fractions of the input, and `scores` "
        f"(N, K, {len(recipe.classes)}); suppression of overlapping boxes is not in the graph",
        f"- Classes, in this order: {', '.join(f'`{c}`' for c in recipe.classes)}",
        f"- Recipe: `{recipe.name}`; licence: {package.licence}",
    ]
    if package.pretrained:
        lines.append(f"- Initial weights: {package.pretrained.strip()}")
    if package.data:
        lines.append(f"- Training data: {package.data.strip()}")
    if verdict.elsewhere:
        lines += ["", "## In places that are in no training", "", *_tables(verdict.elsewhere)]
    lines += ["", f"## On the {verdict.measured_on} pictures", "", *_tables(verdict.evaluations)]
    if verdict.measured_on != "test":
        lines += ["", "What was chosen by these pictures is not judged by them: no service loads this package."]
    lines += [
        "",
        "*Pointing*: pictures with a true box in which the centre of the best box lies in one. *Overlap*:",
        "intersection over union of the area of all drawn boxes with that of all true ones, averaged over those",
        "pictures. Neither asks whether somebody draws one loose box or many tight ones; mAP50 does: there a box is",
        "right at an intersection over union of 0.5. Shares have exact bounds of 95 %, means those of resampled",
        "pictures. Scores were chosen on validation pictures: a box counts where one wrong box of its class comes in",
        "ten pictures, and is drawn, once something burns, from the score that covers the true boxes best. Where",
        "nobody boxed a class, its boxes are neither right nor wrong.",
        "",
        "## Limits",
        "",
        "Training and test pictures come from the same places: expect less on a camera that the network has never",
        "seen. Thin, far or nightly smoke and flames of a few pixels are missed. It is the second look beside the",
        "classifier, not a judge by itself, and no replacement for a certified smoke detector.",
        "",
    ]
    return "\n".join(lines)


def _tables(evaluations: Sequence[DetectionEvaluation]) -> list[str]:
    """Of all variants, of their classes, and of the sources for the one that serves on a CPU."""
    served = next((e for e in evaluations if e.variant == "int8"), evaluations[0])
    rows = [
        f"{served.pictures} pictures, {served.backgrounds} of them without any box.",
        "",
        "| variant | pointing | overlap | mAP50 | bytes | ms, 1 thread |",
        "|---|---|---|---|---|---|",
    ]
    for e in evaluations:
        one = next((f"{x.median_ms:.2f}" for x in e.latency if x.threads == 1), "-")
        rows.append(
            f"| {e.variant} | {_said(e.pointing)} | {_said(e.overlap)} | {e.map50:.3f} | {e.size_bytes} | {one} |"
        )
    rows += [
        "",
        "| variant | class | boxes | AP50 | recall at 0.1 / 1 wrong boxes per picture | pointing | overlap "
        "| counts from | drawn from |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for e in evaluations:
        for name, found in e.classes.items():
            if not found.boxes:
                continue
            recall = {p.per_picture: f"{100 * p.recall:.1f} %" for p in found.recall_at_false_boxes}
            rows.append(
                f"| {e.variant} | {name} | {found.boxes} | {found.average_precision:.3f} "
                f"| {recall[0.1]} / {recall[1.0]} | {_said(found.pointing)} | {_said(found.overlap)} "
                f"| {found.threshold:.3f} | {found.drawn_from:.3f} |"
            )
    return rows + _by_source(served)


def _by_source(e: DetectionEvaluation) -> list[str]:
    if len(e.sources) < 2:
        return [f"\nSource: {name}." for name in e.sources]
    rows = ["", f"By source, {e.variant}:", "", "| source | pictures | pointing | overlap | false alarms |"]
    rows.append("|---|---|---|---|---|")
    for name, found in e.sources.items():
        rows.append(
            f"| {name} | {found.pictures} | {_said(found.pointing)} | {_said(found.overlap)} "
            f"| {_said(found.false_alarms)} |"
        )
    return rows


def _said(value: Share | Mean | None) -> str:
    return str(value) if value is not None else "-"
