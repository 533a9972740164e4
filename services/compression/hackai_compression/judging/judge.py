"""The last step of every job: pack, calibrate, evaluate each variant beside the parent, decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hackai_compression.card import write_card
from hackai_compression.datasets.samples import Dataset
from hackai_compression.judging.evaluate import evaluate
from hackai_compression.judging.gate import refusals
from hackai_compression.judging.latency import Latency, measure_latency
from hackai_compression.judging.mcnemar import mcnemar
from hackai_compression.judging.mistakes import Mistake, worst_mistakes
from hackai_compression.judging.predictions import Predictions, predict
from hackai_compression.judging.temperature import fit_temperature
from hackai_compression.judging.verdict import Comparison, Evaluation, Verdict
from hackai_compression.package import write_package
from hackai_compression.recipes import Recipe
from hackai_shared.serving.manifest import Training
from hackai_shared.serving.package import ModelPackage, open_package


@dataclass(frozen=True)
class Candidate:
    """What is to be judged: the exported variants and where they come from."""

    variants: Mapping[str, Path]
    architecture: str
    training: Training


Told = Callable[[str], None]


def judge(
    recipe: Recipe,
    candidate: Candidate,
    folder: Path,
    *,
    validation: Dataset,
    test: Dataset,
    left_out: Dataset | None = None,
    elsewhere: Dataset | None = None,
    on: str = "test",
    looks: Mapping[str, int] | None = None,
    parent: ModelPackage | None = None,
    repetitions: int = 200,
    temperature: float | None = None,
    tell: Told = lambda _: None,
) -> tuple[Verdict, list[Mistake]]:
    """Writes the package into `folder`, with its gate report; without `temperature` it is fitted on validation.

    `on` names what `test` is: what was judged on anything but the test pictures gets no gate report. `looks`: how often
    the job had looked at each set before.

    Returns the verdict and the worst mistakes of the variant that serves by default.
    """
    _pack(recipe, candidate, folder, card="Not judged yet.\n")
    raw = open_package(folder, require_gate=False)
    first = "int8" if "int8" in candidate.variants else next(iter(candidate.variants))
    if temperature is None:
        tell("fitting the temperature on validation pictures")
        held = predict(raw, first, validation)
        temperature = fit_temperature(held.logits, held.labels)
    _pack(recipe, candidate, folder, card="Not judged yet.\n", temperature=temperature)
    package = open_package(folder, require_gate=False)
    tell("measuring latency")
    latency, parent_latency = _latencies(package, list(candidate.variants), parent, repetitions)
    reference = _reference(parent, test)
    evaluations, mistakes = [], []
    for variant in candidate.variants:
        tell(f"judging {variant} on {len(test)} pictures")
        found, predictions = evaluate(package, variant, test, latency=latency[variant])
        if parent is not None and reference is not None:
            found = found.model_copy(
                update={"comparison": _compare(found, predictions, parent, reference, parent_latency)}
            )
        evaluations.append(found)
        if variant == first:
            mistakes = worst_mistakes(test, predictions, temperature)
    unseen = [evaluate(package, v, left_out)[0] for v in candidate.variants] if left_out is not None else []
    strange = [evaluate(package, v, elsewhere)[0] for v in candidate.variants] if elsewhere is not None else []
    reasons = refusals(recipe.budget, evaluations, strange)
    verdict = Verdict(
        passed=not reasons,
        reasons=reasons,
        budget=recipe.budget.model_dump(mode="json", exclude_none=True),
        evaluations=evaluations,
        left_out=unseen,
        elsewhere=strange,
        measured_on=on,
        looks=dict(looks or {}),
    )
    card = write_card(
        recipe.package,
        architecture=candidate.architecture,
        classes=recipe.classes,
        size=recipe.size,
        recipe=recipe.name,
        evaluations=evaluations,
        left_out=unseen,
        elsewhere=strange,
        measured_on=on,
    )
    _pack(recipe, candidate, folder, card=card, temperature=temperature, verdict=verdict)
    return verdict, mistakes


def _pack(
    recipe: Recipe,
    candidate: Candidate,
    folder: Path,
    *,
    card: str,
    temperature: float = 1.0,
    verdict: Verdict | None = None,
) -> None:
    passed = verdict is not None and verdict.passed and verdict.measured_on == "test"
    write_package(
        folder,
        candidate.variants,
        name=recipe.package.name,
        version=recipe.package.version,
        classes=recipe.classes,
        architecture=candidate.architecture,
        licence=recipe.package.licence,
        size=recipe.size,
        training=candidate.training,
        card=card,
        temperature=temperature,
        metrics=_metrics(verdict) if verdict else None,
        thresholds=_thresholds(verdict) if verdict else None,
        # A refused model keeps no gate report in its manifest, so no registry can load it; nor does one that was judged
        # on the pictures that chose it.
        gate=verdict.model_dump(mode="json") if verdict is not None and passed else None,
    )


def _metrics(verdict: Verdict) -> dict[str, dict[str, dict[str, float]]]:
    found = {e.variant: {verdict.measured_on: _figures(e)} for e in verdict.evaluations}
    for e in verdict.elsewhere:
        found[e.variant]["elsewhere"] = _figures(e)
    return found


def _figures(e: Evaluation) -> dict[str, float]:
    figures = {
        "accuracy": e.accuracy,
        "calibration_error": e.calibration_error,
        "auroc_alarm": e.auroc.get("alarm", 0.0),
    }
    figures |= {f"recall_{name}": value for name, value in e.recall.items()}
    figures |= {f"fire_recall_at_{p.rate:g}": p.recall for p in e.fire_recall_at_false_alarm_rate}
    figures |= {f"alarm_recall_at_{p.rate:g}": p.recall for p in e.alarm_recall_at_false_alarm_rate}
    if e.alarm is not None:
        shares = {"alarm_recall": e.alarm.recall, "false_alarms": e.alarm.false_alarms}
        figures |= {name: found.value for name, found in shares.items() if found is not None}
    figures |= {f"latency_ms_{x.threads}_thread": x.median_ms for x in e.latency}
    return figures


def _thresholds(verdict: Verdict) -> dict[str, float]:
    """p(fire) above which at most 1 % of the harmless pictures lie, of the variant that serves by default."""
    served = next((e for e in verdict.evaluations if e.variant == "int8"), verdict.evaluations[0])
    return {f"fire_at_{p.rate:g}": p.threshold for p in served.fire_recall_at_false_alarm_rate}


def _latencies(
    package: ModelPackage, variants: Sequence[str], parent: ModelPackage | None, repetitions: int
) -> tuple[dict[str, list[Latency]], dict[int, Latency]]:
    contenders = [(package, v) for v in variants]
    if parent is not None:
        contenders.append((parent, _served(parent)))
    measured = {t: measure_latency(contenders, threads=t, repetitions=repetitions) for t in (1, 2)}
    own = {v: [measured[t][i] for t in (1, 2)] for i, v in enumerate(variants)}
    return own, {t: row[-1] for t, row in measured.items()} if parent is not None else {}


def _served(package: ModelPackage) -> str:
    return "int8" if "int8" in package.manifest.variants else "fp32"


def _reference(parent: ModelPackage | None, test: Dataset) -> Predictions | None:
    return predict(parent, _served(parent), test) if parent is not None else None


def _compare(
    found: Evaluation,
    predictions: Predictions,
    parent: ModelPackage,
    reference: Predictions,
    parent_latency: Mapping[int, Latency],
) -> Comparison:
    theirs = reference.logits.argmax(axis=1) == reference.labels
    ours = predictions.logits.argmax(axis=1) == predictions.labels
    result = mcnemar(theirs, ours)
    return Comparison(
        parent=f"{parent.id} {_served(parent)}",
        accuracy_drop=round(float(np.mean(theirs) - np.mean(ours)), 5),
        only_parent_right=result.only_parent_right,
        only_child_right=result.only_child_right,
        p_value=round(result.p_value, 5),
        latency_ratio=round(found.latency[0].median_ms / parent_latency[1].median_ms, 3),
        size_ratio=round(parent.variant(_served(parent))[0].size_bytes / found.size_bytes, 3),
    )
