"""The judge: one variant of one package on one dataset, as served. `models evaluate` and jobs share it."""

from __future__ import annotations

from hackai_compression.datasets.samples import Dataset
from hackai_compression.errors import DatasetError
from hackai_compression.judging import metrics
from hackai_compression.judging.alarms import HARMLESS, FalseAlarmPoint, alarm_figures, alarm_scores, points
from hackai_compression.judging.cost import measure_cost
from hackai_compression.judging.intervals import Share, share
from hackai_compression.judging.latency import Latency
from hackai_compression.judging.predictions import Predictions, Progress, predict
from hackai_compression.judging.temperature import negative_log_likelihood, softmax
from hackai_compression.judging.verdict import Evaluation, ThresholdPoint
from hackai_shared.serving.gate_report import CALIBRATION_THRESHOLDS
from hackai_shared.serving.package import ModelPackage


def evaluate(
    package: ModelPackage,
    variant: str,
    dataset: Dataset,
    *,
    latency: list[Latency] | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> tuple[Evaluation, Predictions]:
    """The report and the logits that it was made from.

    Raises `DatasetError` when the dataset's classes are not the package's.
    """
    if list(dataset.classes) != list(package.manifest.classes):
        raise DatasetError(
            f"the folder holds the classes {list(dataset.classes)}, {package.id} knows {package.manifest.classes}"
        )
    predictions = predict(package, variant, dataset, threads=threads, progress=progress)
    return describe(package, variant, dataset, predictions, latency or []), predictions


def describe(
    package: ModelPackage, variant: str, dataset: Dataset, predictions: Predictions, latency: list[Latency]
) -> Evaluation:
    """All figures from logits; the temperature is the manifest's."""
    classes, labels = list(dataset.classes), predictions.labels
    scaled = predictions.logits / package.manifest.temperature
    probabilities = softmax(scaled)
    entry, path = package.variant(variant)
    cost = measure_cost(path)
    sources = metrics.slices(probabilities, labels, [s.source for s in dataset.samples])
    recall = metrics.recalls(probabilities, labels)
    present = [i for i in range(len(classes)) if (labels == i).any()]
    area = {
        classes[i]: round(metrics.auroc(probabilities[labels == i, i], probabilities[labels != i, i]), 5)
        for i in present
        if (labels != i).any()
    }
    fire, alarm = _false_alarm_points(classes, probabilities, labels, area)
    curve = _threshold_points(classes, probabilities, labels)
    return Evaluation(
        package=package.id,
        variant=variant,
        pictures=len(dataset),
        accuracy=round(metrics.accuracy(probabilities, labels), 5),
        accuracy_interval=share(int((probabilities.argmax(axis=1) == labels).sum()), len(labels)),
        recall={classes[i]: round(float(recall[i]), 5) for i in present},
        recall_interval=_recall_intervals(classes, probabilities, labels),
        confusion=metrics.confusion(probabilities, labels).tolist(),
        classes=classes,
        fire_recall_at_false_alarm_rate=fire,
        alarm_recall_at_false_alarm_rate=alarm,
        alarm=alarm_figures(classes, probabilities, labels, [s.source for s in dataset.samples]),
        fire_recall_at_threshold=curve,
        auroc=area,
        calibration_error=round(metrics.expected_calibration_error(probabilities, labels), 5),
        negative_log_likelihood=round(negative_log_likelihood(scaled, labels), 5),
        accuracy_by_source={k: round(v, 5) for k, v in sources.items()},
        worst_slice=min(sources, key=lambda k: sources[k]) if sources else "",
        reliability=[(b.weight, b.confidence, b.accuracy) for b in metrics.reliability(probabilities, labels)],
        size_bytes=entry.size_bytes,
        macs=cost.macs,
        parameters=cost.parameters,
        latency=latency,
    )


def _recall_intervals(
    classes: list[str], probabilities: metrics.Probabilities, labels: metrics.Labels
) -> dict[str, Share]:
    table = metrics.confusion(probabilities, labels)
    found = {name: share(int(table[i, i]), int(table[i].sum())) for i, name in enumerate(classes)}
    return {name: value for name, value in found.items() if value is not None}


def _false_alarm_points(
    classes: list[str], probabilities: metrics.Probabilities, labels: metrics.Labels, area: dict[str, float]
) -> tuple[list[FalseAlarmPoint], list[FalseAlarmPoint]]:
    """Adds `alarm` to the areas where the classes know what harmless is."""
    if HARMLESS not in classes:
        return [], []
    harmless = labels == classes.index(HARMLESS)
    if not harmless.any() or harmless.all():
        return [], []
    alarm_score = alarm_scores(classes, probabilities)
    area["alarm"] = round(metrics.auroc(alarm_score[~harmless], alarm_score[harmless]), 5)
    alarm = points(alarm_score[~harmless], alarm_score[harmless])
    if "fire" not in classes or not (labels == classes.index("fire")).any():
        return [], alarm
    fire_score = probabilities[:, classes.index("fire")]
    return points(fire_score[labels == classes.index("fire")], fire_score[harmless]), alarm


def _threshold_points(
    classes: list[str], probabilities: metrics.Probabilities, labels: metrics.Labels
) -> list[ThresholdPoint]:
    """By p(fire), as the confirmation of a camera counts it; none where the set has no fire or nothing harmless."""
    if not {"fire", HARMLESS} <= set(classes):
        return []
    score = probabilities[:, classes.index("fire")]
    fire, harmless = score[labels == classes.index("fire")], score[labels == classes.index(HARMLESS)]
    if not len(fire) or not len(harmless):
        return []
    return [
        ThresholdPoint(
            threshold=threshold,
            recall=round(metrics.share_above(fire, threshold), 5),
            rate=round(metrics.share_above(harmless, threshold), 5),
        )
        for threshold in CALIBRATION_THRESHOLDS
    ]
