"""The model card: what the model is for, what it was made from, what it is worth, where it fails."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_compression.judging.intervals import Share
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
    elsewhere: Sequence[Evaluation] = (),
    measured_on: str = "test",
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
    if elsewhere:
        lines += ["", "## In places that are in no training", "", *_tables(elsewhere)]
    lines += ["", f"## On the {measured_on} pictures", "", *_tables(evaluations)]
    if left_out:
        lines += ["", "## On sources that a network of the same recipe never saw", "", *_tables(left_out)]
    if measured_on != "test":
        lines += ["", "What was chosen by these pictures is not judged by them: no service loads this package."]
    lines += [
        "",
        "## Limits",
        "",
        "Test and training pictures come from the same places, so the figures of the test set flatter: expect less on",
        "a camera that the network has never seen, and confirm over several frames. Smoke that is thin, far or at",
        "night, and flames of a few pixels are missed. Not a replacement for a certified smoke detector.",
        "",
    ]
    return "\n".join(lines)


def _tables(evaluations: Sequence[Evaluation]) -> list[str]:
    """Of all variants, and of the sources for the one that serves on a CPU; every share with its exact 95 % bounds."""
    served = next((e for e in evaluations if e.variant == "int8"), evaluations[0])
    rows = [
        "| variant | pictures | accuracy | alarm recall at 1 % false alarms | alarm recall as shipped "
        f"| false alarms as shipped | recall {' / '.join(served.classes)} | bytes | ms, 1 thread |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for e in evaluations:
        recall = " / ".join(f"{100 * e.recall[c]:.1f}" if c in e.recall else "-" for c in e.classes)
        points = [p for p in e.alarm_recall_at_false_alarm_rate if p.rate == 0.01]
        at_one = _said(points[0].interval) if points else "-"
        alarm, false_alarms = (e.alarm.recall, e.alarm.false_alarms) if e.alarm is not None else (None, None)
        one = [x.median_ms for x in e.latency if x.threads == 1]
        rows.append(
            f"| {e.variant} | {e.pictures} | {_said(e.accuracy_interval)} | {at_one} | {_said(alarm)} "
            f"| {_said(false_alarms)} | {recall} | {e.size_bytes} | {f'{one[0]:.2f}' if one else '-'} |"
        )
    return rows + _by_source(served)


def _by_source(e: Evaluation) -> list[str]:
    if e.alarm is None or len(e.alarm.sources) < 2:
        return []
    rows = [
        "",
        f"By source, {e.variant}, as shipped (fire above {e.alarm.fire_threshold:g}, fire and starting fire together "
        f"above {e.alarm.smoke_threshold:g}):",
        "",
        "| source | accuracy | alarm recall | false alarms |",
        "|---|---|---|---|",
    ]
    for name, source in sorted(e.alarm.sources.items()):
        rows.append(f"| {name} | {source.accuracy} | {_said(source.recall)} | {_said(source.false_alarms)} |")
    worst = [
        f"{what} {name}"
        for what, name in (("recall:", e.alarm.worst_recall), ("false alarms:", e.alarm.worst_false_alarms))
        if name
    ]
    return [*rows, "", f"Worst of the sources with 20 pictures or more: {', '.join(worst)}."] if worst else rows


def _said(value: Share | None) -> str:
    return str(value) if value is not None else "-"
