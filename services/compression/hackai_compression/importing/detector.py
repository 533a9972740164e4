"""From an ONNX file of somebody's detector to a package, judged where there are pictures to judge it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto

from hackai_compression.budget import Budget
from hackai_compression.datasets.samples import Sample
from hackai_compression.errors import ImportRefusedError
from hackai_compression.exporting.lint import lint_for_tensorrt
from hackai_compression.importing.layouts import EXPLAINED, Layout, class_names, recognise
from hackai_compression.importing.rewrite import BOXES, INPUT, SCORES, rewrite
from hackai_compression.judging.box_thresholds import choose_thresholds
from hackai_compression.judging.detection_gate import detection_refusals
from hackai_compression.judging.detection_verdict import DetectionVerdict
from hackai_compression.judging.evaluate_detector import describe_detector, detect_all
from hackai_compression.judging.latency import measure_latency
from hackai_compression.package import write_package
from hackai_shared.serving.manifest import InputSpec, Training
from hackai_shared.serving.package import open_package, sha256_of

_ELEMENTS = {TensorProto.FLOAT, TensorProto.FLOAT16}


@dataclass(frozen=True)
class Imported:
    """What became of a file."""

    folder: Path
    layout: Layout
    height: int
    width: int
    findings: tuple[str, ...]
    """Why TensorRT 8.5 would not take the graph; empty: it may."""
    verdict: DetectionVerdict | None = None


@dataclass(frozen=True)
class Wishes:
    """What the user says about the file; empty is taken from its metadata."""

    name: str
    version: int
    classes: tuple[str, ...] = ()
    size: int | None = None
    licence: str = ""


def import_detector(
    file: Path, models: Path, wishes: Wishes, *, samples: Sequence[Sample] = (), min_map50: float = 0.0
) -> Imported:
    """Writes `<models>/<name>/<version>`. With pictures it is judged, and its thresholds are chosen on them.

    A package that was not judged, or not well enough, has no gate report: no service loads it.

    Raises `ImportRefusedError` for a file that is not an export of a known kind.
    """
    folder = models / wishes.name / str(wishes.version)
    if folder.exists():
        raise ImportRefusedError(f"{folder} exists already; choose another --version")
    model = _load(file)
    metadata = {p.key: p.value for p in model.metadata_props}
    licence = wishes.licence or metadata.get("license", "")
    if not licence:
        raise ImportRefusedError("the file does not say its licence; say it with --licence")
    height, width = _sides(model, metadata, wishes.size)
    shape = [d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    layout = recognise(shape, height, width, metadata, wishes.classes)
    rewritten = rewrite(model, layout, height, width)
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.fp32.onnx"
        onnx.save(rewritten, path)
        findings = tuple(lint_for_tensorrt(path))
        about = _Facts(file, wishes, layout, height, width, licence, findings, metadata)
        about.write(folder, path)
        if not samples:
            return Imported(folder, layout, height, width, findings)
        verdict = _judge(about, folder, path, samples, min_map50)
    return Imported(folder, layout, height, width, findings, verdict)


def names_in(file: Path) -> tuple[str, ...]:
    """The names of the classes that a file holds, none where it does not. Raises `ImportRefusedError`."""
    return class_names({p.key: p.value for p in _load(file).metadata_props})


@dataclass(frozen=True)
class _Facts:
    """All that the manifest and the card say."""

    file: Path
    wishes: Wishes
    layout: Layout
    height: int
    width: int
    licence: str
    findings: tuple[str, ...]
    metadata: Mapping[str, str]

    def write(
        self,
        folder: Path,
        path: Path,
        *,
        thresholds: Mapping[str, float] | None = None,
        verdict: DetectionVerdict | None = None,
    ) -> None:
        """The package, with what is known of it so far."""
        evaluation = verdict.evaluations[0] if verdict is not None else None
        write_package(
            folder,
            {"fp32": path},
            name=self.wishes.name,
            version=self.wishes.version,
            classes=self.layout.classes,
            architecture=self.metadata.get("description", "imported detector"),
            licence=self.licence,
            size=self.width,
            training=Training(
                recipe="import",
                data_sha256=sha256_of(self.file),
                data=f"not known: imported from {self.file.name}, whose SHA-256 stands in place of the data's",
                seed=0,
            ),
            card=self._card(evaluation.map50 if evaluation is not None else None),
            thresholds=thresholds,
            metrics={"fp32": {"judged": {"map50": evaluation.map50}}} if evaluation is not None else None,
            gate=verdict.model_dump(mode="json") if verdict is not None and verdict.passed else None,
            task="detection",
            outputs={"boxes": BOXES, "scores": SCORES},
            spec=InputSpec(
                name=INPUT, layout="NHWC", dtype="uint8", height=self.height, width=self.width, resize="letterbox"
            ),
            runtimes={"fp32": ("onnxruntime", "openvino", *(() if self.findings else ("tensorrt",)))},
        )

    def _card(self, map50: float | None) -> str:
        judged = "Not judged yet." if map50 is None else f"mAP50 {map50:.3f} on the pictures that it was judged on."
        return "\n".join(
            [
                f"# {self.wishes.name} {self.wishes.version}",
                "",
                f"Imported from `{self.file.name}`. {judged}",
                "",
                f"- Output recognised as {EXPLAINED[self.layout.kind]}",
                f"- Input {self.width} x {self.height} RGB (uint8), the whole picture with grey borders",
                f"- Classes, in this order: {', '.join(f'`{c}`' for c in self.layout.classes)}",
                f"- Licence: {self.licence}",
                f"- TensorRT 8.5: {'; '.join(self.findings) or 'its rules are kept'}",
                "",
            ]
        )


def _judge(about: _Facts, folder: Path, path: Path, samples: Sequence[Sample], min_map50: float) -> DetectionVerdict:
    package = open_package(folder, require_gate=False)
    detected = detect_all(package, "fp32", samples)
    thresholds = choose_thresholds(detected, samples, about.layout.classes)
    about.write(folder, path, thresholds=thresholds)
    package = open_package(folder, require_gate=False)
    latency = [measure_latency([(package, "fp32")], threads=t, repetitions=20)[0] for t in (1, 2)]
    evaluation = describe_detector(package, "fp32", samples, detected, latency)
    budget = Budget(min_map50=min_map50)
    reasons = detection_refusals(budget, [evaluation])
    verdict = DetectionVerdict(
        passed=not reasons,
        reasons=reasons,
        budget=budget.model_dump(mode="json", exclude_none=True),
        evaluations=[evaluation],
    )
    about.write(folder, path, thresholds=thresholds, verdict=verdict)
    return verdict


def _load(file: Path) -> onnx.ModelProto:
    try:
        model = onnx.load(file)
        onnx.checker.check_model(model)
    except OSError as error:
        raise ImportRefusedError(f"{file}: {error.strerror}") from error
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise ImportRefusedError(f"{file} is not a valid ONNX file: {str(error)[:300]}") from error
    if len(model.graph.input) != 1:
        raise ImportRefusedError(f"{file}: {len(model.graph.input)} inputs, one is expected")
    if model.graph.input[0].type.tensor_type.elem_type not in _ELEMENTS:
        raise ImportRefusedError(f"{file}: the input must be float32 or float16")
    # Later versions of an exporter may leave the shape of the output open although it follows from the graph.
    return onnx.shape_inference.infer_shapes(model)


def _sides(model: onnx.ModelProto, metadata: Mapping[str, str], size: int | None) -> tuple[int, int]:
    dims = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    if len(dims) != 4 or dims[1] not in {0, 3}:
        raise ImportRefusedError(f"the input is {dims}; (batch, 3, height, width) is expected")
    if dims[2] > 0 and dims[3] > 0:
        return dims[2], dims[3]
    sides = [int(side) for side in class_names({"names": metadata.get("imgsz", "")}) if side.isdecimal()]
    if size is not None:
        sides = [size]
    if not sides:
        raise ImportRefusedError("the file leaves its input size open; say it with --size")
    return sides[0], sides[-1]
