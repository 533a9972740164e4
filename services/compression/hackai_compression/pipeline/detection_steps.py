"""The steps of a detection job. Torch is imported only for those that need it."""

from __future__ import annotations

from hackai_compression.errors import GateRefusedError, RecipeError
from hackai_compression.judging.judge import Candidate
from hackai_compression.judging.judge_detector import judge_detector
from hackai_compression.pipeline.job import Job, Outcome
from hackai_compression.pipeline.looks import count_looks
from hackai_compression.recipes import ExportStep, JudgeStep, LoadStep, PruneStep, QuantizeStep, Step, TrainStep
from hackai_shared.serving.manifest import Training


def perform_detection(job: Job, step: Step) -> Outcome:
    """Dispatches. Raises `RecipeError` for a step that detectors do not know."""
    if isinstance(step, TrainStep):
        from hackai_compression.pipeline.detection_training import run_detection_training

        return run_detection_training(job, step)
    if isinstance(step, LoadStep):
        from hackai_compression.pipeline.detection_training import run_detection_load

        return run_detection_load(job, step)
    if isinstance(step, PruneStep):
        from hackai_compression.pipeline.prunable_detector import run_detection_prune

        return run_detection_prune(job, step)
    if isinstance(step, ExportStep):
        from hackai_compression.pipeline.detection_training import run_detection_export

        return run_detection_export(job, step)
    if isinstance(step, QuantizeStep):
        from hackai_compression.pipeline.detection_quantize import run_detection_quantize

        return run_detection_quantize(job, step)
    if isinstance(step, JudgeStep):
        return run_detection_judge(job, step)
    raise RecipeError(f"step {step.name!r} is not for detectors")


def run_detection_judge(job: Job, step: JudgeStep) -> Outcome:
    """Writes `package/<name>/<version>`; raises `GateRefusedError` when the budget refuses it on the test pictures.

    The verdict is kept as `detection.json` in the step's folder either way.
    """
    recipe, files, parts = job.recipe, job.last_variants(), job.boxed_parts
    folder = job.out / "package" / recipe.package.name / str(recipe.package.version)
    training = Training(
        recipe=recipe.name,
        data_sha256=parts.sha256,
        data=recipe.package.data or f"{len(parts.training)} pictures of {', '.join(parts.training.sources)}",
        seed=recipe.seed,
        pretrained=recipe.package.pretrained,
    )
    final = step.on == "test"
    test, elsewhere = (parts.test if final else parts.validation).samples, parts.elsewhere if final else ()
    looked = {step.on: len(files.variants), "elsewhere": len(files.variants) if elsewhere else 0}
    verdict = judge_detector(
        recipe,
        Candidate({k: job.out / v for k, v in files.variants.items()}, files.architecture, training),
        folder,
        validation=parts.validation.samples,
        test=test,
        elsewhere=elsewhere,
        on=step.on,
        looks=count_looks(job.out, looked),
        repetitions=step.repetitions,
        tell=lambda text: job.progress.tell(step.name, "message", text=text),
    )
    (job.folder_of(step) / "detection.json").write_text(verdict.model_dump_json(indent=1), encoding="utf-8")
    if final and not verdict.passed:
        raise GateRefusedError(verdict.reasons)
    best = verdict.evaluations[0]
    return Outcome(
        step=step.name,
        do=step.do,
        architecture=files.architecture,
        detection=verdict,
        package=str(folder.relative_to(job.out)),
        figures={"map50": best.map50, "pictures": float(best.pictures)},
    )
