"""The judge of detectors: one variant of one package on pictures with boxes, as served. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hackai_compression.datasets.samples import Sample
from hackai_compression.errors import DatasetError
from hackai_compression.judging.cost import measure_cost
from hackai_compression.judging.detection_metrics import Matches, average_precision, match, recall_at_false_boxes
from hackai_compression.judging.detection_verdict import (
    ClassFigures,
    DetectionEvaluation,
    FalseBoxPoint,
    SourceBoxes,
)
from hackai_compression.judging.intervals import share
from hackai_compression.judging.latency import Latency
from hackai_compression.judging.pointing import Aim, aim, overlap, pointing
from hackai_shared.serving.decoding import ImageError, decode_image
from hackai_shared.serving.detector import DEFAULT_SCORE, DetectedBox, Detector, drawn_from
from hackai_shared.serving.fire_names import fire_kind
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.preprocessing import fit
from hackai_shared.serving.session import OnnxRuntimeSession

#: Wrong boxes of a class per picture at which recall is quoted.
FALSE_BOXES = (0.05, 0.1, 0.5, 1.0)
#: Boxes below are not collected: no point of the curves above lies there.
FLOOR = 0.01
#: Points of a precision-recall curve that are kept for the plot.
CURVE_POINTS = 60
#: Sources with fewer pictures of a true box are not called the worst.
MIN_PICTURES = 20


def detect_all(
    package: ModelPackage, variant: str, samples: Sequence[Sample], *, threads: int = 1
) -> list[list[DetectedBox]]:
    """The boxes of every picture, down to low scores. Raises `DatasetError` for a picture that serving would refuse."""
    session = OnnxRuntimeSession(package, variant, threads=threads)
    detector = Detector(package, session)
    spec = package.manifest.input
    found = []
    for sample in samples:
        try:
            data = sample.path.read_bytes()
            picture = decode_image(data, fit_height=spec.height, fit_width=spec.width)
        except ImageError as error:
            raise DatasetError(f"{sample.path}: {error}") from error
        size = (picture.shape[1], picture.shape[0])
        found += detector.detect_fitted([fit(spec, picture)], [size], min_score=FLOOR)
    session.close()
    return found


def evaluate_detector(
    package: ModelPackage,
    variant: str,
    samples: Sequence[Sample],
    *,
    latency: Sequence[Latency] = (),
    threads: int = 1,
) -> DetectionEvaluation:
    """All figures of one variant."""
    return describe_detector(package, variant, samples, detect_all(package, variant, samples, threads=threads), latency)


def describe_detector(
    package: ModelPackage,
    variant: str,
    samples: Sequence[Sample],
    detected: Sequence[Sequence[DetectedBox]],
    latency: Sequence[Latency] = (),
) -> DetectionEvaluation:
    """All figures from boxes; thresholds are the package's."""
    unknown = {b.kind for s in samples for b in s.boxes} - {fire_kind(name) for name in package.manifest.classes}
    if unknown:
        raise DatasetError(
            f"the folder holds boxes of {sorted(unknown)}, {package.id} knows {package.manifest.classes}"
        )
    names, thresholds = package.manifest.classes, package.manifest.thresholds
    minimum = {name: thresholds.get(name, DEFAULT_SCORE) for name in names}
    drawn = drawn_from(thresholds, names)
    classes = {}
    for name in names:
        aims = _aims(detected, samples, drawn, [name])
        classes[name] = _figures(match(detected, samples, name), minimum[name], drawn[name], aims)
    alarms = [any(b.score >= minimum[b.label] for b in boxes) for boxes in detected]
    empty = [not s.boxes and not s.unboxed for s in samples]
    aims = _aims(detected, samples, drawn, names)
    sources = _sources(samples, aims, empty, alarms)
    known = [f.average_precision for f in classes.values() if f.boxes]
    entry, path = package.variant(variant)
    cost = measure_cost(path)
    return DetectionEvaluation(
        package=package.id,
        variant=variant,
        pictures=len(samples),
        backgrounds=sum(empty),
        false_alarms=sum(e and a for e, a in zip(empty, alarms, strict=True)),
        map50=round(float(np.mean(known)), 5) if known else 0.0,
        pointing=pointing(aims),
        overlap=overlap(aims),
        sources=sources,
        worst_source=_worst(sources),
        classes=classes,
        size_bytes=entry.size_bytes,
        macs=cost.macs,
        parameters=cost.parameters,
        latency=list(latency),
    )


def _aims(
    detected: Sequence[Sequence[DetectedBox]],
    samples: Sequence[Sample],
    drawn: Mapping[str, float],
    labels: Sequence[str],
) -> list[Aim]:
    found = [aim(boxes, sample, drawn, labels) for boxes, sample in zip(detected, samples, strict=True)]
    return [a for a in found if a is not None]


def _sources(
    samples: Sequence[Sample], aims: Sequence[Aim], empty: Sequence[bool], alarms: Sequence[bool]
) -> dict[str, SourceBoxes]:
    rows = {}
    for name in sorted({s.source for s in samples}):
        here = [a for a in aims if a.source == name]
        calm = [a for s, e, a in zip(samples, empty, alarms, strict=True) if s.source == name and e]
        rows[name] = SourceBoxes(
            pictures=sum(s.source == name for s in samples),
            pointing=pointing(here),
            overlap=overlap(here),
            false_alarms=share(sum(calm), len(calm)),
        )
    return rows


def _worst(sources: Mapping[str, SourceBoxes]) -> str:
    large = {
        k: v.pointing.value for k, v in sources.items() if v.pointing is not None and v.pointing.of >= MIN_PICTURES
    }
    return min(large, key=lambda k: large[k]) if large else ""


def _figures(matches: Matches, threshold: float, drawn: float, aims: Sequence[Aim]) -> ClassFigures:
    points = []
    for rate in FALSE_BOXES:
        recall, score = recall_at_false_boxes(matches, rate)
        points.append(FalseBoxPoint(per_picture=rate, recall=_rounded(recall), score=_rounded(score)))
    counted = matches.scores >= threshold
    right = int((matches.right & counted).sum())
    hits = np.cumsum(matches.right)
    ranks = np.arange(1, len(hits) + 1)
    chosen = np.unique(np.linspace(0, len(hits) - 1, min(CURVE_POINTS, len(hits))).astype(int))
    return ClassFigures(
        boxes=matches.truths,
        average_precision=_rounded(average_precision(matches)),
        recall_at_false_boxes=points,
        threshold=round(threshold, 5),
        drawn_from=round(drawn, 5),
        pictures=matches.pictures,
        recall=_rounded(right / matches.truths if matches.truths else float("nan")),
        recall_interval=share(right, matches.truths),
        pointing=pointing(aims),
        overlap=overlap(aims),
        false_boxes_per_picture=_rounded(int((~matches.right & counted).sum()) / max(1, matches.pictures)),
        curve=[
            (round(float(hits[i] / max(1, matches.truths)), 4), round(float(hits[i] / ranks[i]), 4)) for i in chosen
        ],
    )


def _rounded(value: float) -> float:
    """Five decimals; 0 where a class does not occur, since JSON knows no NaN."""
    return 0.0 if np.isnan(value) else round(value, 5)
