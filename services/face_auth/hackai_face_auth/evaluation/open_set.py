"""1:N with strangers: who is taken for somebody, and who for nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.evaluation.bounds import Rate, rate
from hackai_face_auth.gallery.index import IndexedGallery
from hackai_face_auth.gallery.records import Person, Template
from hackai_face_auth.recognition import identify
from hackai_shared.security import Role

Embed = Callable[[Path], Floats | None]


@dataclass(frozen=True)
class OpenSet:
    """Rates of a gallery; ``missed`` names the probes that were not identified as who they are."""

    people: int
    templates: int
    identified: Rate
    misidentified: Rate
    false_positives: Rate
    highest_stranger: float
    missed: Sequence[str]


def evaluate_open_set(
    people: Mapping[str, Sequence[Path]],
    strangers: Sequence[Path],
    embed: Embed,
    *,
    photos: int,
    threshold: float,
    margin: float,
) -> OpenSet:
    """Return how a gallery of everybody's first ``photos`` treats the other photos, and strangers.

    A probe without a face counts as not identified.
    """
    gallery = _gallery(people, embed, photos)
    hits = wrong = probes = 0
    missed: list[str] = []
    for person in gallery.people:
        for path in people[person.name][photos:]:
            probes += 1
            found = _identify(gallery, embed(path), threshold, margin)
            hits += found == person.name
            wrong += found not in (None, person.name)
            if found != person.name:
                missed.append(str(path.name))
    accepted = sum(_identify(gallery, embed(path), threshold, margin) is not None for path in strangers)
    best = [
        float(gallery.scores(e[None]).max()) for e in map(embed, strangers) if e is not None and len(gallery.people)
    ]
    return OpenSet(
        people=len(gallery.people),
        templates=len(gallery.matrix),
        identified=rate(hits, probes),
        misidentified=rate(wrong, probes),
        false_positives=rate(accepted, len(strangers)),
        highest_stranger=max(best, default=-1.0),
        missed=missed,
    )


def _gallery(people: Mapping[str, Sequence[Path]], embed: Embed, photos: int) -> IndexedGallery:
    enrolled: list[Person] = []
    templates: list[Template] = []
    for name, paths in people.items():
        enrolled.append(Person(name, name, Role.VIEWER, 0.0))
        for path in paths[:photos]:
            embedding = embed(path)
            if embedding is not None:
                templates.append(Template(path.name, name, "", embedding, 0.0, 0.0))
    return IndexedGallery.build(enrolled, templates)


def _identify(gallery: IndexedGallery, embedding: Floats | None, threshold: float, margin: float) -> str | None:
    if embedding is None:
        return None
    found = identify(gallery, np.asarray(embedding)[None], threshold=threshold, margin=margin).person
    return None if found is None else found.name
