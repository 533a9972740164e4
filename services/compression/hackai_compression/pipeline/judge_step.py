"""The judge step: the package is written, and a refused one ends the job."""

from __future__ import annotations

import json
from pathlib import Path

from hackai_compression.errors import CompressionError, GateRefusedError
from hackai_compression.judging.judge import Candidate, judge
from hackai_compression.pipeline.chain_points import CHAIN, chain_points
from hackai_compression.pipeline.elsewhere import read_elsewhere
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.pipeline.looks import count_looks
from hackai_compression.recipes import JudgeStep
from hackai_shared.serving.manifest import Training
from hackai_shared.serving.package import ModelPackage, open_package


def run_judge(job: Job, step: JudgeStep) -> Outcome:
    """Writes `package/<name>/<version>`; raises `GateRefusedError` when the budget refuses it on the test pictures.

    The verdict is kept as `verdict.json` in the step's folder either way, and what the rest of the chain is worth as
    `chain.json`.
    """
    recipe, files = job.recipe, job.last_variants()
    parent: ModelPackage | None = None
    if step.parent is not None:
        parent = open_package(job.folders.file(step.parent))
    folder = job.out / "package" / recipe.package.name / str(recipe.package.version)
    training = Training(
        recipe=recipe.name,
        data_sha256=job.parts.sha256,
        data=recipe.package.data or f"{len(job.parts.training)} pictures of {', '.join(job.parts.training.sources)}",
        seed=recipe.seed,
        parent=parent.id if parent is not None else None,
        pretrained=recipe.package.pretrained,
    )
    test, elsewhere = job.parts.validation, None
    if step.on == "test":
        test, elsewhere = job.parts.test, read_elsewhere(recipe, job.folders, job.parts)
    looked = {step.on: len(files.variants), "elsewhere": len(files.variants) if elsewhere is not None else 0}
    verdict, mistakes = judge(
        recipe,
        Candidate({k: job.out / v for k, v in files.variants.items()}, files.architecture, training),
        folder,
        validation=job.parts.validation,
        test=test,
        left_out=job.parts.left_out,
        elsewhere=elsewhere,
        on=step.on,
        looks=count_looks(job.out, looked),
        parent=parent,
        repetitions=step.repetitions,
        temperature=step.temperature,
        tell=lambda text: job.progress.tell(step.name, "message", text=text),
    )
    (job.folder_of(step) / "verdict.json").write_text(verdict.model_dump_json(indent=1), encoding="utf-8")
    rows = [m.model_dump(mode="json") for m in mistakes]
    (job.folder_of(step) / "mistakes.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    write_chain(job, step, folder)
    if not verdict.passed and step.on == "test":
        raise GateRefusedError(verdict.reasons)
    best = verdict.evaluations[0]
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=files.architecture,
        verdict=verdict,
        package=str(folder.relative_to(job.out)),
        figures={"accuracy": best.accuracy, "pictures": float(best.pictures)},
    )


def write_chain(job: Job, step: JudgeStep, package: Path) -> None:
    """For the report alone: a network of the chain that cannot be exported does not spoil the verdict."""
    job.progress.tell(step.name, "message", text="measuring the networks of the chain")
    try:
        points = chain_points(job, open_package(package, require_gate=False), step.repetitions)
    except (CompressionError, ValueError, RuntimeError, OSError) as error:
        job.progress.tell(step.name, "message", text=f"the front is left out: {error}")
        return
    rows = [point.model_dump(mode="json") for point in points]
    (job.folder_of(step) / CHAIN).write_text(json.dumps(rows, indent=1), encoding="utf-8")
