"""The model card of a detector."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_compression.judging.detection_verdict import DetectionEvaluation
from hackai_compression.recipes import Recipe


def write_detection_card(recipe: Recipe, architecture: str, evaluations: Sequence[DetectionEvaluation]) -> str:
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
    first = evaluations[0]
    lines += [
        "",
        "## On the test set",
        "",
        f"{first.pictures} pictures, {first.backgrounds} of them without any box. A box is right at an intersection",
        "over union of 0.5; average precision is the area under the curve at all points. Thresholds were chosen on",
        "validation pictures, for one wrong box of a class in ten pictures.",
        "",
        *_table(evaluations),
        "",
        "## Limits",
        "",
        "Training and test pictures come from the same places, and the boxes of both are loose: expect less on a",
        "camera that the network has never seen. Thin, far or nightly smoke and flames of a few pixels are missed. It",
        "is the second look beside the classifier, not a judge by itself, and no replacement for a certified smoke",
        "detector.",
        "",
    ]
    return "\n".join(lines)


def _table(evaluations: Sequence[DetectionEvaluation]) -> list[str]:
    rows = [
        "| variant | mAP50 | class | AP50 | recall at 0.1 / 1 wrong boxes per picture | threshold | bytes "
        "| ms, 1 thread |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for e in evaluations:
        one = next((f"{x.median_ms:.2f}" for x in e.latency if x.threads == 1), "-")
        for name, found in e.classes.items():
            recall = {p.per_picture: f"{100 * p.recall:.1f} %" for p in found.recall_at_false_boxes}
            rows.append(
                f"| {e.variant} | {e.map50:.3f} | {name} | {found.average_precision:.3f} "
                f"| {recall[0.1]} / {recall[1.0]} | {found.threshold:.3f} | {e.size_bytes} | {one} |"
            )
    return rows
