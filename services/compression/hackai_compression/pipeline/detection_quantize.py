"""The quantize step of a detection job: the best calibration on validation pictures, then layers back to FP32."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from hackai_compression.datasets.samples import Sample
from hackai_compression.exporting.lint import refuse
from hackai_compression.judging.detection_metrics import mean_average_precision
from hackai_compression.package import file_name, input_spec
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.quantization.calibration import choose_calibration
from hackai_compression.quantization.sensitivity import rank_layers
from hackai_compression.quantization.static import Calibration, quantize
from hackai_compression.recipes import QuantizeStep, VariantName
from hackai_shared.serving.detector import DEFAULT_OVERLAP, choose
from hackai_shared.serving.preprocessing import batch, load_for

#: Scores below are no candidates while variants are compared.
FLOOR = 0.02


def run_detection_quantize(job: Job, step: QuantizeStep) -> Outcome:
    """Leaves the INT8 variants beside the FP32 one; the test set is not read."""
    source = job.out / job.last_variants().variants["fp32"]
    validation = _Validation(job.boxed_parts.validation.samples, job.recipe.classes, job.recipe.size)
    reference = validation.score(source)
    figures, notes = {"validation_map50_fp32": round(reference, 5)}, []
    files = {"fp32": source}
    for variant in step.variants:
        target = job.folder_of(step) / file_name(variant)
        with tempfile.TemporaryDirectory(dir=job.folder_of(step)) as ranges:
            score, note = _make(job, step, variant, source, target, validation, reference, Path(ranges))
        if variant == "int8-trt":
            refuse(target)
        files[variant] = target
        figures[f"validation_map50_{variant}"] = round(score, 5)
        figures[f"bytes_{variant}"] = float(target.stat().st_size)
        notes.append(f"{variant}: {note}")
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=job.last_variants().architecture,
        variants={k: str(v.relative_to(job.out)) for k, v in files.items()},
        figures=figures,
        notes=notes,
    )


def _make(
    job: Job,
    step: QuantizeStep,
    variant: VariantName,
    source: Path,
    target: Path,
    validation: _Validation,
    reference: float,
    ranges: Path,
) -> tuple[float, str]:
    """(mAP50 of the file that is left at `target`, how it was made)."""
    spec = input_spec(job.recipe.size)
    calibration = choose_calibration(job.boxed_parts.training, step.pictures, job.recipe.seed)

    def score(method: Calibration, keep: Sequence[str] = ()) -> float:
        quantize(source, target, calibration, spec, variant=variant, method=method, keep_fp32=keep, ranges=ranges)
        return validation.score(target)

    scores: dict[Calibration, float] = {}
    for number, method in enumerate(step.methods, start=1):
        scores[method] = score(method)
        job.progress.tell(
            step.name,
            "progress",
            done=number,
            total=len(step.methods),
            text=f"{variant} {method}",
            figures={"validation_map50": scores[method]},
        )
    best = max(step.methods, key=lambda m: scores[m])
    kept: list[str] = []
    if reference - scores[best] > step.max_drop and step.max_fp32_layers:
        job.progress.tell(step.name, "message", text=f"{variant}: looking for the layers that hurt")
        ranked = [d.node for d in rank_layers(source, lambda nodes: score(best, nodes))]
        for count in range(1, step.max_fp32_layers + 1):
            found = score(best, ranked[:count])
            if found > scores[best]:
                scores[best], kept = found, ranked[:count]
            if reference - scores[best] <= step.max_drop:
                break
    final = score(best, kept)
    return final, best + (f", FP32 kept in {', '.join(kept)}" if kept else "")


class _Validation:
    """Validation pictures as serving would see them, decoded once."""

    def __init__(self, samples: Sequence[Sample], classes: Sequence[str], size: int) -> None:
        spec = input_spec(size)
        self._pixels = batch(spec, [load_for(spec, s.path.read_bytes()) for s in samples])
        self._samples = samples
        self._classes, self._name = classes, spec.name

    def score(self, path: Path) -> float:
        """mAP50 of an exported file."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        minimum = dict.fromkeys(self._classes, FLOOR)
        found = []
        for start in range(0, len(self._pixels), 8):
            outputs = session.run(["boxes", "scores"], {self._name: self._pixels[start : start + 8]})
            for boxes, scores in zip(*(value.astype(np.float64) for value in outputs), strict=True):
                found.append(choose(boxes.clip(0, 1), scores, self._classes, minimum, overlap=DEFAULT_OVERLAP))
        return mean_average_precision(found, self._samples, self._classes)
