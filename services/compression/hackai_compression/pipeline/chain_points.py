"""What each network of a chain is worth beside the variants that ship: size, latency and validation accuracy."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hackai_compression.judging.evaluate import evaluate
from hackai_compression.judging.latency import measure_latency
from hackai_compression.package import write_package
from hackai_compression.pipeline.job import Job, Outcome
from hackai_shared.serving.manifest import Training
from hackai_shared.serving.package import ModelPackage, open_package

#: Larger networks are not exported only to be drawn: 250 MB of ONNX for one dot.
MAX_PARAMETERS = 40_000_000
#: Where the judge step keeps the points.
CHAIN = "chain.json"


class ChainPoint(BaseModel):
    """One network of the chain, or one variant of the last one, judged on validation pictures."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Name of the step, or of the variant.")
    architecture: str
    accuracy: float
    size_bytes: int
    macs: int
    median_ms: float = Field(description="One picture on one thread, all points measured in turns.")


def chain_points(job: Job, package: ModelPackage, repetitions: int) -> list[ChainPoint]:
    """In the order of the chain, the variants of `package` last."""
    with tempfile.TemporaryDirectory(dir=job.out) as scratch:
        contenders = [(name, made, "fp32") for name, made in _networks(job, Path(scratch), package)]
        contenders += [(variant, package, variant) for variant in package.manifest.variants]
        times = measure_latency([(made, v) for _, made, v in contenders], threads=1, repetitions=repetitions)
        points = []
        for (name, made, variant), time in zip(contenders, times, strict=True):
            found, _ = evaluate(made, variant, job.parts.validation)
            points.append(
                ChainPoint(
                    name=name,
                    architecture=made.manifest.architecture,
                    accuracy=found.accuracy,
                    size_bytes=found.size_bytes,
                    macs=found.macs,
                    median_ms=time.median_ms,
                )
            )
    return points


def _networks(job: Job, scratch: Path, package: ModelPackage) -> Iterator[tuple[str, ModelPackage]]:
    """Every network but the last, whose FP32 variant is in the package already; exported into `scratch`."""
    earlier: list[Outcome] = [o for o in job.outcomes if o.network is not None][:-1]
    if not earlier:
        return
    from hackai_compression.exporting.export import export_onnx
    from hackai_compression.networks.saved import load_network

    for outcome in earlier:
        network, architecture = load_network(job.out / str(outcome.network))
        if sum(p.numel() for p in network.parameters()) > MAX_PARAMETERS:
            continue
        exported = scratch / f"{outcome.step}.onnx"
        export_onnx(network, architecture.image_size, exported)
        folder = scratch / outcome.step
        write_package(
            folder,
            {"fp32": exported},
            name="chain",
            version=1,
            classes=architecture.classes,
            architecture=architecture.name,
            licence=package.manifest.licence,
            size=architecture.image_size,
            training=Training(recipe=job.recipe.name, data_sha256=job.parts.sha256, data="", seed=job.recipe.seed),
            card="A network of the chain, written to be measured.\n",
        )
        yield outcome.step, open_package(folder, require_gate=False)
