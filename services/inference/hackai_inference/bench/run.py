"""Runs the benchmark: every contestant, then the gate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from hackai_inference.bench.accuracy import count_correct, labelled_pictures
from hackai_inference.bench.conditions import Conditions, read_conditions
from hackai_inference.bench.contest import Arena, Contestant
from hackai_inference.bench.report import Failure, GateResult, Report, Row
from hackai_inference.bench.speed import example, measure
from hackai_inference.runtimes.tensorrt.permit import Permit
from hackai_shared.messages import utc_now
from hackai_shared.serving.package import ModelPackage, PackageError
from hackai_shared.serving.session import SessionError

Tell = Callable[[str], None]


def run(
    packages: List[ModelPackage],
    arena: Arena,
    *,
    seconds: float,
    workers: int,
    pictures: Optional[Path],
    gate: bool,
    tell: Tell,
) -> Report:
    """Measure everything; ``tell`` hears what is being done. What cannot be measured is a failure of the report.

    Raises:
        PicturesError: the gate needs labelled pictures and there are none.
    """
    before = read_conditions()
    rows: List[Row] = []
    failures: List[Failure] = []
    gates: List[GateResult] = []
    for package in packages:
        measured: Dict[Contestant, Row] = {}
        for contestant in arena.contestants(package):
            tell(f"{package.id} {contestant.variant} in {contestant.precision} on {arena.runtime} …")
            try:
                measured[contestant] = _row(package, contestant, arena, seconds=seconds, workers=workers)
            except (SessionError, PackageError) as error:
                failures.append(
                    Failure(
                        model=package.id,
                        variant=contestant.variant,
                        precision=contestant.precision,
                        reason=str(error),
                    )
                )
        rows += measured.values()
        pair = measured.get(arena.reference), measured.get(arena.candidate)
        if gate and pictures is not None and pair[0] is not None and pair[1] is not None:
            tell(f"{package.id}: accuracy of {arena.candidate.variant} beside {arena.reference.precision} …")
            gates.append(_judge(package, arena, (pair[0], pair[1]), pictures, before))
    return Report(
        measured_at=utc_now(), before=before, after=read_conditions(), rows=rows, failures=failures, gates=gates
    )


def _row(package: ModelPackage, contestant: Contestant, arena: Arena, *, seconds: float, workers: int) -> Row:
    session = arena.open(package, contestant)
    try:
        speed = measure(session, example(package.manifest.input), seconds=seconds, workers=workers)
        device = session.device
    finally:
        session.close()
    temperatures = read_conditions().temperatures_c
    return Row(
        model=package.id,
        variant=contestant.variant,
        precision=contestant.precision,
        runtime=arena.runtime,
        device=device,
        workers=workers,
        hottest_c=max(temperatures.values()) if temperatures else None,
        **{name: value if name == "runs" else round(value, 3) for name, value in asdict(speed).items()},
    )


def _judge(
    package: ModelPackage, arena: Arena, rows: Tuple[Row, Row], folder: Path, conditions: Conditions
) -> GateResult:
    pictures = labelled_pictures(folder, list(package.manifest.classes))
    correct = []
    for contestant in (arena.reference, arena.candidate):
        session = arena.open(package, contestant)
        try:
            correct.append(count_correct(package, session, pictures))
        finally:
            session.close()
    permit = Permit(
        measured_at=utc_now(),
        pictures=len(pictures),
        reference_ms=rows[0].p50_ms,
        candidate_ms=rows[1].p50_ms,
        reference_correct=correct[0],
        candidate_correct=correct[1],
        conditions=conditions.summary(),
    )
    activated = arena.activate(package, permit)
    return GateResult(
        model=package.id,
        reference=f"{arena.reference.variant} {arena.reference.precision}",
        candidate=f"{arena.candidate.variant} {arena.candidate.precision}",
        passed=permit.passed,
        reasons=permit.reasons,
        activated=activated,
        speedup=round(permit.speedup, 3),
        loss_points=round(permit.loss_points, 3),
        report=permit,
    )
