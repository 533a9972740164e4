"""Who is it? Decided over several frames; "nobody that is enrolled" is an answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.gallery.index import IndexedGallery
from hackai_face_auth.gallery.records import Person

# Of the frames that are good enough to look at, so many must name the same person as their best match.
AGREEMENT = 0.6


@dataclass(frozen=True)
class Decision:
    """``person`` is None for unknown; ``score`` the mean cosine of the best person, ``runner_up`` of the next one."""

    person: Person | None
    score: float
    runner_up: float
    agreement: float
    reason: str


def identify(gallery: IndexedGallery, embeddings: Floats, *, threshold: float, margin: float) -> Decision:
    """Return who is on all frames together, ``embeddings`` being ``(frames, 512) float32`` of length 1.

    A person is accepted whose *mean* score over the frames reaches the threshold, leads by the margin, and is the best
    match of at least 60 % of the frames: one lucky frame among many does not open.
    """
    if not len(embeddings):
        return Decision(None, 0.0, 0.0, 0.0, "no usable face")
    scores = gallery.scores(embeddings)
    if not scores.shape[1]:
        return Decision(None, 0.0, 0.0, 0.0, "nobody is enrolled")
    means = scores.mean(axis=0)
    order = np.argsort(-means, kind="stable")
    best = int(order[0])
    score = float(means[best])
    runner_up = float(means[order[1]]) if len(order) > 1 else -1.0
    agreement = float((scores.argmax(axis=1) == best).mean())
    if score < threshold:
        return Decision(None, score, runner_up, agreement, "unknown face")
    if score - runner_up < margin:
        return Decision(None, score, runner_up, agreement, "too close between two people")
    if agreement < AGREEMENT:
        return Decision(None, score, runner_up, agreement, "the frames do not agree")
    return Decision(gallery.people[best], score, runner_up, agreement, "recognized")


def verify(gallery: IndexedGallery, person_id: str, embeddings: Floats, *, threshold: float) -> Decision:
    """Return whether the frames show this very person (1:1): no margin, others are not asked about."""
    for column, person in enumerate(gallery.people):
        if person.person_id == person_id and len(embeddings):
            score = float(gallery.scores(embeddings)[:, column].mean())
            matched = score >= threshold
            return Decision(person if matched else None, score, -1.0, 1.0, "verified" if matched else "another face")
    return Decision(None, 0.0, 0.0, 0.0, "no usable face" if not len(embeddings) else "nobody is enrolled")
