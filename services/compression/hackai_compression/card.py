"""The model card: what the model is for, what it was made from, what it is worth, where it fails."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_compression.judging.verdict import Evaluation
from hackai_compression.recipes import Package


def write_card(
    package: Package,
    *,
    architecture: str,
    classes: Sequence[str],
    size: int,
    recipe: str,
    evaluations: Sequence[Evaluation],
    left_out: Sequence[Evaluation] = (),
) -> str:
    """Markdown. Every figure is the judge's; nothing is typed in by hand."""
    lines = [
        f"# {package.name} {package.version}",
        "",
        package.about.strip() or f"A classifier of {', '.join(classes)}.",
        "",
        f"- Architecture: {architecture}, input {size} x {size} RGB (uint8, the whole picture squeezed to a square)",
        f"- Outputs: `logits` (N, {len(classes)}) and `cam` (N, {len(classes)}, h, w); the logits are its spatial mean",
        f"- Classes, in this order: {', '.join(f'`{c}`' for c in classes)}",
        f"- Recipe: `{recipe}`; licence: {package.licence}",
    ]
    if package.pretrained:
        lines.append(f"- Initial weights: {package.pretrained.strip()}")
    if package.data:
        lines.append(f"- Training data: {package.data.strip()}")
    lines += ["", "## On the test set", "", *_table(evaluations)]
    if left_out:
        lines += ["", "## On sources that a network of the same recipe never saw", "", *_table(left_out)]
    lines += [
        "",
        "## Limits",
        "",
        "Test and training pictures come from the same places, so the figures above flatter: expect less on a camera",
        "that the network has never seen, and confirm over several frames. Smoke that is thin, far or at night, and",
        "flames of a few pixels are missed. Not a replacement for a certified smoke detector.",
        "",
    ]
    return "\n".join(lines)


def _table(evaluations: Sequence[Evaluation]) -> list[str]:
    rows = [
        "| variant | pictures | accuracy | recall fire / no_fire / start_fire | fire at 1 % false alarms | AUROC alarm "
        "| bytes | ms, 1 thread |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for e in evaluations:
        recall = " / ".join(f"{100 * e.recall[c]:.1f}" if c in e.recall else "-" for c in e.classes)
        points = [p for p in e.fire_recall_at_false_alarm_rate if p.rate == 0.01]
        fire = f"{100 * points[0].recall:.1f} %" if points else "-"
        alarm = f"{e.auroc['alarm']:.4f}" if "alarm" in e.auroc else "-"
        one = [x.median_ms for x in e.latency if x.threads == 1]
        rows.append(
            f"| {e.variant} | {e.pictures} | {100 * e.accuracy:.2f} % | {recall} | {fire} | {alarm} "
            f"| {e.size_bytes} | {f'{one[0]:.2f}' if one else '-'} |"
        )
    return rows
