"""Evaluation and calibration of a folder with real models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hackai_face_auth.engine.faces import FaceEngine
from hackai_face_auth.evaluation.calibration import Calibration, calibrate
from hackai_face_auth.evaluation.embedder import Embedder
from hackai_face_auth.evaluation.folder import FolderError, people_in, pictures_below, read_pairs, strangers_in
from hackai_face_auth.evaluation.open_set import OpenSet, evaluate_open_set
from hackai_face_auth.evaluation.verification import Verification, evaluate_pairs, score_pairs
from hackai_shared.config.faces import FacesConfig

# However few strangers are at hand: below this, pictures of one scene and of relatives meet.
LEAST_THRESHOLD = 0.25


@dataclass(frozen=True)
class Evaluation:
    """What ``hackai faces evaluate`` measures."""

    folder: str
    model_id: str
    threshold: float
    pictures: int
    without_face: list[str]
    verification: Verification | None
    open_set: OpenSet | None


def run_evaluation(folder: Path, pairs: Path, engine: FaceEngine, config: FacesConfig, *, photos: int) -> Evaluation:
    """Return the figures of a folder: pairs where a list is there, open set where ``people/`` is.

    Raises:
        FolderError: neither is there, or a list names what is not.
    """
    people, strangers = people_in(folder), strangers_in(folder)
    if not pairs.exists() and not people:
        raise FolderError(f"{folder} has neither {pairs.name} nor people/<name>/")
    embed = Embedder(engine, max_pixels=config.max_pixels)
    for path in [picture for pictures in people.values() for picture in pictures] + strangers:
        embed(path)
    listed = read_pairs(pairs, folder) if pairs.exists() else []
    scores = score_pairs(listed, folder, embed)
    return Evaluation(
        folder=str(folder),
        model_id=engine.model_id,
        threshold=config.threshold,
        pictures=embed.count,
        without_face=[path.name for path in embed.failures()],
        verification=evaluate_pairs(listed, scores, threshold=config.threshold) if listed else None,
        open_set=evaluate_open_set(
            people, strangers, embed, photos=photos, threshold=config.threshold, margin=config.margin
        )
        if people
        else None,
    )


def run_calibration(folder: Path, engine: FaceEngine, config: FacesConfig, *, far: float) -> Calibration:
    """Return the threshold for a rate, from a folder with one photo of each of many strangers.

    Raises:
        FolderError: fewer than two faces.
    """
    root = folder / "impostors" if (folder / "impostors").is_dir() else folder
    embeddings = Embedder(engine, max_pixels=config.max_pixels).all_of(pictures_below(root))
    if len(embeddings) < 2:
        raise FolderError(f"{root} shows {len(embeddings)} faces, at least two strangers are needed")
    return calibrate(np.stack(embeddings), far, floor=LEAST_THRESHOLD)
