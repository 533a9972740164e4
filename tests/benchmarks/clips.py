"""What the model and the confirmation make of real clips: ``python tests/benchmarks/clips.py <clips.json> [options]``.

Each clip is decoded, thinned to the analysis rate, encoded as the camera service encodes it, judged by the active
variant and confirmed with the thresholds of the configuration: once for the picture as a whole, once place by place.
Printed per clip: the incidents with the stream time of their suspicion and confirmation, the seconds from the first
annotated fire frame to the confirmation, and the place (x, y in parts of the picture).

``--sweep`` repeats the confirmation on the scores recorded once, with each threshold moved by itself, and prints which
values meet the requirement: every clip with a fire raises exactly one incident (``hackai_fire1.mp4`` its smoke
and its fire, as two or as one that worsens), the clips without fire none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2

from hackai_inference.decision.camera_rules import CameraRules
from hackai_inference.decision.confirmation import Confirmation, FrameScores, Transition
from hackai_inference.decision.places import PLACES, Point, middle_of
from hackai_inference.live.frame_evidence import CameraEvidence
from hackai_inference.live.loaded_models import load_judges
from hackai_inference.live.model_cascade import ModelCascade
from hackai_shared.config.detection import ConfirmationConfig, InferenceConfig
from hackai_shared.config.watching import CameraDetectionConfig
from hackai_shared.serving.decoding import probe_image

JPEG_QUALITY = 85
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EXPECTED: dict[str, list[str]] = {
    "hackai_fire1.mp4": ["start_fire", "fire"],
    "nofire_las_vegas_sign_night.mp4": [],
    "nofire_car_street.mp4": [],
}


class Scored(NamedTuple):
    """One frame: the probabilities of the whole picture, and what it says at each place."""

    stream_s: float
    fire: float
    start_fire: float
    look: FrameScores


@dataclass(frozen=True)
class Incident:
    """What a clip raised."""

    label: str
    opened_s: float
    confirmed_s: float
    change: str
    place: Point | None


def jpegs(path: Path, fps: float) -> Iterator[tuple[float, bytes]]:
    """Yield ``(seconds, JPEG)`` of a clip at no more than ``fps`` frames per second."""
    with av.open(str(path)) as container:
        due = 0.0
        for frame in container.decode(video=0):
            at = float(frame.time or 0.0)
            if at + 1e-6 < due:
                continue
            due = max(due + 1 / fps, at)
            pixels = frame.to_ndarray(format="bgr24")
            yield at, cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def score(
    eyes: ModelCascade, config: InferenceConfig, rules: CameraDetectionConfig, path: Path, fps: float
) -> list[Scored]:
    """Return what every analysed frame of a clip says."""
    sight = CameraEvidence(CameraRules(rules, config.confirmation), config)
    scored = []
    for at, jpeg in jpegs(path, fps):
        size = probe_image(jpeg)
        seen = eyes.look(sight, jpeg, at, width=size.width, height=size.height)
        look = sight.see(seen.judgement, seen.found, at, NOON, width=size.width, height=size.height).look
        probabilities = seen.judgement.result.probabilities
        scored.append(Scored(at, probabilities["fire"], probabilities["start_fire"], look))
    return scored


def confirm(scores: list[Scored], config: ConfirmationConfig, *, pooled: bool = True) -> list[Incident]:
    """Return the incidents of a sequence; ``pooled``: evidence is kept per place, else for the picture as a whole."""
    state = Confirmation(config, PLACES if pooled else 1)
    found: list[Incident] = []
    for item in scores:
        look = item.look if pooled else FrameScores(item.stream_s, item.fire, item.fire + item.start_fire)
        steps = state.observe(look).transitions
        found.extend(_incident(step, pooled) for step in steps if step.change != "cleared")
    return found


def _incident(step: Transition, pooled: bool) -> Incident:
    return Incident(step.label, step.opened_s, step.at_s, step.change, middle_of(step.place) if pooled else None)


def meets(file: str, incidents: list[Incident]) -> bool:
    """Return whether a clip raised what it must."""
    opened = [incident.label for incident in incidents if incident.change == "opened"]
    if file in EXPECTED:
        return [incident.label for incident in incidents] == EXPECTED[file]
    worst = [incident.label for incident in incidents]
    return len(opened) == 1 and worst[-1] == "fire"


def report(
    clips: list[dict[str, Any]], scores: dict[str, list[Scored]], config: ConfirmationConfig, *, pooled: bool
) -> bool:
    """Print one line per clip; return whether all meet the requirement."""
    fine = True
    for clip in clips:
        file = clip["file"]
        incidents = confirm(scores[file], config, pooled=pooled)
        fine = fine and meets(file, incidents)
        share = sum(item.fire > 0.5 for item in scores[file]) / len(scores[file])
        alarm = sum(item.fire + item.start_fire > 0.5 for item in scores[file]) / len(scores[file])
        print(f"{'ok ' if meets(file, incidents) else 'BAD'} {file:34s} fire {share:4.0%} any {alarm:4.0%}", end="")
        for incident in incidents:
            print(
                f" | {incident.change} {incident.label} {incident.opened_s:.2f} -> {incident.confirmed_s:.2f}"
                + _delay(clip["first_fire_s"], incident)
                + ("" if incident.place is None else " at {:.2f}, {:.2f}".format(*incident.place)),
                end="",
            )
        print()
    return fine


def _delay(first_fire_s: float | None, incident: Incident) -> str:
    if first_fire_s is None or incident.label != "fire":
        return ""
    return f" (+{incident.confirmed_s - first_fire_s:.2f} s)"


def sweep(scores: dict[str, list[Scored]], base: ConfirmationConfig) -> None:
    """Print for every setting the values that meet the requirement on every clip, the others left as they are."""
    seconds = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0, 1.2)
    grid: dict[tuple[str, ...], tuple[float, ...]] = {
        ("window_s",): (0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0),
        ("overlooked_share",): (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
        ("fire_reference", "smoke_reference"): (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7),
        ("fire_seconds",): seconds,
        ("smoke_seconds",): seconds,
        ("still_raise",): (0.0, 0.5, 1.0, 1.4, 2.0, 3.0),
    }
    for names, values in grid.items():
        working = []
        for value in values:
            config = base.model_copy(update=dict.fromkeys(names, value))
            if all(meets(file, confirm(items, config)) for file, items in scores.items()):
                working.append(value)
        print(f"   {' = '.join(names):34s} works at {', '.join(map(str, working)) or 'no value'}")


def main() -> bool:
    """Run over all clips of a ``clips.json``; return whether all raise what they must."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, help="clips.json beside the clips")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--variant", default="auto")
    parser.add_argument("--fps", type=float, nargs="+", default=[10.0], help="analysis rates; 60 takes every frame")
    parser.add_argument("--threshold", type=float, help="of the camera, as hackai calibrate chooses it")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--detector", help="name of a detector package that gets the second look")
    parser.add_argument("--second-opinion", help="name of its package; empty: the classifier judges alone")
    parser.add_argument("--scores", type=Path, help="write the scores to this JSON file")
    options = parser.parse_args()
    opinion = {} if options.second_opinion is None else {"model": options.second_opinion or None}
    inference = InferenceConfig.model_validate(
        {"variant": options.variant, "second_opinion": opinion, "detector": {"model": options.detector}}
    )
    judges = load_judges(options.models, Path("/nonexistent"), inference)
    eyes = judges.eyes(inference.max_pixels)
    rules = CameraDetectionConfig(threshold=options.threshold)
    clips = json.loads(options.clips.read_text())
    config = ConfirmationConfig()
    print(f"{judges.names} {options.variant}; {config!r}")
    fine = True
    for fps in options.fps:
        scores = {
            clip["file"]: score(eyes, inference, rules, options.clips.parent / clip["file"], fps) for clip in clips
        }
        print(f"-- at no more than {fps:g} frames per second, the picture as a whole")
        report(clips, scores, config, pooled=False)
        print(f"-- at no more than {fps:g} frames per second, place by place")
        fine = report(clips, scores, config, pooled=True) and fine
        if options.scores:
            plain = {file: [item[:3] for item in items] for file, items in scores.items()}
            options.scores.write_text(json.dumps(plain))
        if options.sweep:
            sweep(scores, config)
    return fine


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
