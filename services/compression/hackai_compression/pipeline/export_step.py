"""The export step. Needs torch."""

from __future__ import annotations

from pathlib import Path

from hackai_compression.exporting.export import export_onnx
from hackai_compression.exporting.lint import refuse
from hackai_compression.judging.cost import measure_cost
from hackai_compression.networks.saved import load_network
from hackai_compression.package import file_name
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.recipes import ExportStep


def run_export(job: Job, step: ExportStep) -> Outcome:
    """Leaves `model.fp32.onnx`; raises `ParityError` or `LintError`."""
    network, architecture = load_network(job.out / str(job.last_network().network))
    path = job.folder_of(step) / file_name("fp32")
    export_onnx(network, architecture.image_size, path)
    return exported(job, step, architecture.name, path)


def exported(job: Job, step: ExportStep, architecture: str, path: Path) -> Outcome:
    """Checks an exported graph against TensorRT's rules and counts its costs; raises `LintError`."""
    refuse(path)
    cost = measure_cost(path)
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=architecture,
        variants={"fp32": str(path.relative_to(job.out))},
        figures={"macs": float(cost.macs), "parameters": float(cost.parameters), "bytes": float(path.stat().st_size)},
    )
