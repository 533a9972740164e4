"""Writes model packages: variants, card, gate report, and the manifest that binds them by hash."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hackai_shared.serving.manifest import FileEntry, InputSpec, Manifest, Training, Variant
from hackai_shared.serving.package import MANIFEST, sha256_of

RuntimeName = Literal["onnxruntime", "openvino", "tensorrt"]
_RUNTIMES: Mapping[str, Sequence[RuntimeName]] = {
    "fp32": ("onnxruntime", "openvino", "tensorrt"),
    "int8": ("onnxruntime", "openvino"),
    "int8-trt": ("tensorrt",),
}
CARD, GATE = "README.md", "gate.json"
CLASSIFIER_OUTPUTS: Mapping[str, str] = {"logits": "logits", "cam": "cam"}


def file_name(variant: str) -> str:
    """`model.<variant>.onnx`."""
    return f"model.{variant}.onnx"


def entry(path: Path) -> FileEntry:
    """Name, size and SHA-256 of a file of the package."""
    return FileEntry(file=path.name, sha256=sha256_of(path), size_bytes=path.stat().st_size)


def input_spec(size: int) -> InputSpec:
    """What every exported classifier takes: the decoder's own layout, no float outside of the graph."""
    return InputSpec(name="images", layout="NHWC", dtype="uint8", height=size, width=size, resize="stretch")


def write_package(
    folder: Path,
    variants: Mapping[str, Path],
    *,
    name: str,
    version: int,
    classes: Sequence[str],
    architecture: str,
    licence: str,
    size: int,
    training: Training,
    card: str,
    temperature: float = 1.0,
    thresholds: Mapping[str, float] | None = None,
    metrics: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
    gate: Mapping[str, Any] | None = None,
    task: Literal["classification", "detection"] = "classification",
    outputs: Mapping[str, str] | None = None,
    spec: InputSpec | None = None,
    runtimes: Mapping[str, Sequence[RuntimeName]] | None = None,
) -> Manifest:
    """Copies the variants and writes card, gate report and manifest (last, so a half package has none).

    `metrics` is variant -> evaluation set -> figure -> value; `spec` and `runtimes`
    replace those of our own exports. Without `gate` the registry refuses the package.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    entries = {}
    for variant, source in variants.items():
        target = folder / file_name(variant)
        if source.resolve() != target.resolve():
            shutil.copyfile(source, target)
        entries[variant] = Variant(
            **entry(target).model_dump(),
            precision="fp32" if variant == "fp32" else "int8",
            runtimes=list((runtimes or _RUNTIMES)[variant]),
            metrics={k: dict(v) for k, v in (metrics or {}).get(variant, {}).items()},
        )
    (folder / CARD).write_text(card, encoding="utf-8")
    if gate is not None:
        (folder / GATE).write_text(json.dumps(gate, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    manifest = Manifest(
        name=name,
        version=version,
        task=task,
        classes=list(classes),
        architecture=architecture,
        licence=licence,
        created_at=datetime.now(UTC).replace(microsecond=0),
        input=spec or input_spec(size),
        outputs=dict(outputs or CLASSIFIER_OUTPUTS),
        temperature=temperature,
        thresholds=dict(thresholds or {}),
        variants=entries,
        card=entry(folder / CARD),
        gate=entry(folder / GATE) if gate is not None else None,
        training=training,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest
