"""The result of a calibration as text, as a section of ``config.yml`` and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Sequence

from hackai_inference.calibration.choice import Choice, Row
from hackai_shared.messages import ModelRef
from hackai_shared.serving.gate_report import RecallBounds


def table(choice: Choice) -> List[List[str]]:
    """Return the rows to print, the headline first; the chosen threshold has a star."""
    percent = round(100 * choice.confidence)
    head = [
        "",
        "threshold",
        "alarms",
        "per week",
        f"at most ({percent} %)",
        "fires told",
        "time to alarm",
        "of fire pictures",
    ]
    return [head, *(_cells(row, chosen=row.threshold == choice.threshold) for row in choice.rows)]


def _cells(row: Row, *, chosen: bool) -> List[str]:
    return [
        "*" if chosen else "",
        f"{row.threshold:g}",
        str(row.alarms),
        number(row.per_week),
        number(row.at_most_per_week),
        "-" if row.recall is None else f"{row.recall:.0%}",
        "-" if row.seconds is None else f"{row.seconds:.1f} s",
        "-" if row.on_pictures is None else share(row.on_pictures),
    ]


def share(bounds: RecallBounds) -> str:
    """Return a share, or what is known of it: ``91%``, ``>= 91%``, ``84-91%``."""
    low, high = bounds
    if low == high:
        return f"{low:.0%}"
    if high == 1.0:
        return f">= {low:.0%}"
    return f"<= {high:.0%}" if low == 0.0 else f"{100 * low:.0f}-{high:.0%}"


def price_known(choice: Choice, judge: ModelRef) -> str:
    """Return what the price in missed and late fires was taken from; ``judge`` has the last word on a frame."""
    name = f"{judge.name}/{judge.version} {judge.variant}"
    known = [row.on_pictures for row in choice.rows if row.on_pictures is not None]
    if not known:
        pictures = f"The gate report of {name} says nothing about fires at a threshold."
    elif all(low == high for low, high in known):
        pictures = f"Of fire pictures: the share that {name} puts above the threshold, from its gate report."
    else:
        pictures = (
            f"Of fire pictures: what the gate report of {name} says of the share above the threshold. It was written "
            "by an older judge and only bounds it; a package that is judged again says it exactly."
        )
    told = any(row.recall is not None for row in choice.rows)
    return pictures if told else f"{pictures} How soon fires are told here, only recordings of them show (--fires)."


def number(value: float) -> str:
    """Return a figure with three digits that count, never in powers of ten."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def verdict(choice: Choice) -> str:
    """Return what the result means, in a sentence or two."""
    row, budget = choice.chosen, choice.budget_per_week
    percent = round(100 * choice.confidence)
    if not choice.kept:
        return (
            f"No threshold keeps the budget of {budget:g} false alarms a week: even {row.threshold:g} alarmed "
            f"{row.alarms} times in {choice.hours:.3g} h. Find out what it sees (mask it, or raise it in a zone or "
            "for some hours), then calibrate again."
        )
    if choice.proved:
        return (
            f"At {row.threshold:g} there are at most {number(row.at_most_per_week)} false alarms a week with "
            f"{percent} % confidence: within the budget of {budget:g}."
        )
    return (
        f"At {row.threshold:g} there was no false alarm in {choice.hours:.3g} h, which proves no more than at most "
        f"{number(row.at_most_per_week)} a week with {percent} % confidence. To prove the budget of {budget:g} a week, "
        f"{number(choice.more_hours)} more quiet hours are needed."
    )


def section(choice: Choice, camera: str, judges: str) -> str:
    """Return what to put into ``config.yml``; ``judges`` as :attr:`LoadedModels.names`."""
    row = choice.chosen
    return (
        f"cameras:\n  {camera}:\n    detection:\n      threshold: {row.threshold:g}\n      budget:\n"
        f"        alarms_per_week: {choice.budget_per_week:g}\n        hours: {choice.hours:.4g}\n"
        f"        alarms: {row.alarms}\n        at_most_per_week: {number(row.at_most_per_week)}\n"
        f"        confidence: {choice.confidence:g}\n        model: {judges}\n"
    )


def draw(choice: Choice, camera: str, path: Path) -> None:
    """Draw false alarms, recall and time to alarm over the threshold into a PNG.

    Raises:
        ImportError: matplotlib is not installed (``pip install 'hackai-inference[bench]'``).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 7.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    _draw_alarms(upper, choice)
    upper.set_title(f"{camera}: {choice.hours:.3g} h of quiet footage")
    if any(row.recall is not None for row in choice.rows):
        _draw_price(lower, choice.rows)
    elif any(row.on_pictures is not None for row in choice.rows):
        _draw_pictures(lower, choice.rows)
    else:
        lower.text(0.5, 0.5, "no footage of fires was given (--fires)", ha="center", transform=lower.transAxes)
    lower.set_xlabel("threshold: steady score that counts")
    for axes in (upper, lower):
        axes.axvline(choice.threshold, color="0.4", linewidth=1.0, linestyle=":", label=f"chosen: {choice.threshold:g}")
        axes.grid(alpha=0.25)
        axes.legend(loc="lower left" if axes is lower else "upper right")
    figure.savefig(path, dpi=110)


def _draw_alarms(axes: Any, choice: Choice) -> None:
    at = [row.threshold for row in choice.rows]
    seen = [row.per_week for row in choice.rows]
    most = [row.at_most_per_week for row in choice.rows]
    axes.fill_between(at, seen, most, alpha=0.18, color="C3")
    axes.plot(at, most, "C3--", label=f"at most ({round(100 * choice.confidence)} % confidence)")
    axes.plot(at, seen, "C3o-", label="observed")
    axes.axhline(choice.budget_per_week, color="C2", label=f"budget: {choice.budget_per_week:g} a week")
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel("false alarms a week")


def _draw_pictures(axes: Any, rows: Sequence[Row]) -> None:
    at = [row.threshold for row in rows if row.on_pictures is not None]
    low = [100 * row.on_pictures.low for row in rows if row.on_pictures is not None]
    high = [100 * row.on_pictures.high for row in rows if row.on_pictures is not None]
    axes.fill_between(at, low, high, alpha=0.18, color="C0")
    axes.plot(at, low, "C0o-", label="test pictures of fire above the threshold, at least")
    axes.set_ylim(0.0, 104.0)
    axes.set_ylabel("pictures of fire, %")


def _draw_price(axes: Any, rows: Sequence[Row]) -> None:
    at = [row.threshold for row in rows]
    axes.plot(at, [100 * (row.recall or 0.0) for row in rows], "C0o-", label="fires told")
    axes.set_ylim(0.0, 104.0)
    axes.set_ylabel("fires told, %")
    timed = [row for row in rows if row.seconds is not None]
    late = axes.twinx()
    late.plot([row.threshold for row in timed], [row.seconds or 0.0 for row in timed], "C1s:", label="time to alarm")
    late.set_ylim(bottom=0.0)
    late.set_ylabel("seconds to the alarm (median)")
    late.legend(loc="lower right")
