"""Measures the liveness check: ``python tests/presentation_attacks/measure.py FOLDER [--antispoof FOLDER]``.

``FOLDER/people/<name>/*.jpg`` has several photos of each person. Prints a table in terms of ISO/IEC 30107-3: APCER is
the share of attacks of one kind that pass, BPCER the share of genuine captures that do not, with exact 95 % intervals
(Clopper and Pearson). Deterministic: the same folder and seed give the same figures.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2

from hackai_face_auth.capture import capture, movements_of, real_probabilities
from hackai_face_auth.core import load_engine
from hackai_face_auth.engine.faces import FaceEngine
from hackai_face_auth.engine.video import Frame
from hackai_face_auth.evaluation.bounds import rate
from hackai_face_auth.liveness.judge import Verdict, judge
from hackai_face_auth.liveness.moment import Moment
from hackai_face_auth.liveness.passive import AntiSpoof, aggregate
from hackai_face_auth.liveness.steps import Step
from hackai_shared.config.faces import FacesConfig, LivenessConfig
from presentation_attacks.captures import (
    ATTACKS,
    GENUINE,
    RENDERED_ATTACKS,
    SCREEN,
    capture_of,
    from_a_screen,
    read_photo,
    steps_for,
    subject_of,
)

# Challenges that each genuine capture is replayed against.
REPLAYS = 25


@dataclass(frozen=True)
class Trial:
    """One capture: what was asked for, what the judge sees, how real the passive models find it (-1: not asked)."""

    person: str
    kind: str
    steps: list[Step]
    moments: list[Moment]
    real: float


def trials(folder: Path, engine: FaceEngine, antispoof: AntiSpoof | None, skip: int, most: int) -> Iterator[Trial]:
    """Yield the captures of all kinds, person by person."""
    people = sorted(path for path in (folder / "people").iterdir() if path.is_dir())
    done = 0
    for number, person in enumerate(people):
        photos = [read_photo(str(path)) for path in sorted(person.glob("*.jpg"))]
        subject = subject_of(engine, person.name, photos)
        if subject is None:
            continue
        done += 1
        if done <= skip:
            continue
        if done > skip + most:
            return
        steps = steps_for(number)

        def trial(kind: str, frames: list[Frame], *, name: str = person.name, asked: list[Step] = steps) -> Trial:
            seen = capture(engine, frames)
            real = aggregate(real_probabilities(antispoof, seen)) if antispoof is not None else -1.0
            return Trial(name, kind, asked, movements_of(engine, seen), real)

        genuine = capture_of(subject, GENUINE, number, steps)
        yield trial(GENUINE, genuine)
        yield trial(SCREEN, from_a_screen(genuine, number))
        for kind in RENDERED_ATTACKS:
            yield trial(kind, capture_of(subject, kind, number, steps))


def verdict_of(trial: Trial, steps: list[Step], config: LivenessConfig) -> Verdict:
    """Return what the check says to a capture."""
    if 0 <= trial.real < config.antispoof_threshold:
        return Verdict(False, "this looks like a picture of a face", f"real: {trial.real:.2f}")
    return judge(trial.moments, steps, config)


def table(found: list[Trial], config: LivenessConfig) -> dict[str, object]:
    """Return attempts, passes, rate and interval by kind."""
    outcomes: dict[str, list[Verdict]] = {kind: [] for kind in (GENUINE, *ATTACKS, "replay")}
    for number, trial in enumerate(found):
        outcomes[trial.kind].append(verdict_of(trial, trial.steps, config))
        if trial.kind == GENUINE:
            for other in range(REPLAYS):
                asked = steps_for(10_000 + REPLAYS * number + other)
                outcomes["replay"].append(verdict_of(trial, asked, config))
    report: dict[str, object] = {}
    for kind, verdicts in outcomes.items():
        passed = sum(verdict.passed for verdict in verdicts)
        counted = rate(len(verdicts) - passed if kind == GENUINE else passed, len(verdicts))
        reasons: dict[str, int] = {}
        for verdict in verdicts:
            reasons[verdict.reason] = reasons.get(verdict.reason, 0) + 1
        report[kind] = {
            "measure": "BPCER" if kind == GENUINE else "APCER",
            "trials": len(verdicts),
            "errors": counted.events,
            "rate": counted.value,
            "low": counted.low,
            "high": counted.high,
            "reasons": dict(sorted(reasons.items(), key=lambda item: -item[1])) if kind != "replay" else {},
        }
    return report


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--antispoof", type=Path, help="folder of the passive models; without it they are left out")
    parser.add_argument("--skip", type=int, default=0, help="people to leave out at the beginning")
    parser.add_argument("--people", type=int, default=1_000, help="people at most")
    parser.add_argument("--keep", type=Path, help="file for what the judge sees, to judge it again")
    parser.add_argument("--again", type=Path, help="judge a file that --keep made, instead of rendering")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    found: list[Trial] = []
    if options.again:
        with options.again.open("rb") as kept:
            while True:
                try:
                    found.append(pickle.load(kept))
                except EOFError:
                    break
    else:
        antispoof = AntiSpoof(options.antispoof) if options.antispoof else None
        for trial in trials(options.folder, load_engine(FacesConfig()), antispoof, options.skip, options.people):
            found.append(trial)
            verdict = verdict_of(trial, trial.steps, LivenessConfig())
            print(f"{trial.person} {trial.kind}: {verdict}, real {trial.real:.2f}", file=sys.stderr, flush=True)
            if options.keep:
                with options.keep.open("ab") as kept:
                    pickle.dump(trial, kept)
    print(json.dumps(table(found, LivenessConfig()), indent=2))


if __name__ == "__main__":
    main()
