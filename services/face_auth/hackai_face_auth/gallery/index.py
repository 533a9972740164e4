"""All templates in one matrix: 1:N is one product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hackai_face_auth.engine.faces import EMBEDDING_SIZE, Floats
from hackai_face_auth.gallery.database import Database
from hackai_face_auth.gallery.records import Person, Template
from hackai_face_auth.gallery.store import GalleryStore


@dataclass(frozen=True)
class IndexedGallery:
    """Templates of one model, grouped by person.

    ``matrix`` is ``(templates, 512) float32`` with rows of length 1; ``starts`` the first row of each person.
    """

    people: Sequence[Person]
    matrix: Floats
    starts: npt.NDArray[np.intp]

    @classmethod
    def build(cls, people: Sequence[Person], templates: Sequence[Template]) -> IndexedGallery:
        """Return the gallery of those people who have templates."""
        by_person: dict[str, list[Floats]] = {}
        for template in templates:
            by_person.setdefault(template.person_id, []).append(template.embedding)
        kept = [person for person in people if person.person_id in by_person]
        rows = [embedding for person in kept for embedding in by_person[person.person_id]]
        counts = [len(by_person[person.person_id]) for person in kept]
        matrix = np.ascontiguousarray(np.stack(rows) if rows else np.empty((0, EMBEDDING_SIZE)), np.float32)
        starts = np.cumsum([0, *counts[:-1]], dtype=np.intp) if counts else np.empty(0, np.intp)
        return cls(kept, matrix, starts)

    def scores(self, embeddings: Floats) -> Floats:
        """Return the best cosine of each person, ``(frames, people) float32``, for ``(frames, 512)`` embeddings."""
        if not len(self.people):
            return np.empty((len(embeddings), 0), np.float32)
        best: Floats = np.maximum.reduceat(embeddings @ self.matrix.T, self.starts, axis=1)
        return best


class GalleryIndex:
    """Keeps the matrix in step with the database, whoever wrote into it."""

    def __init__(self, database: Database, store: GalleryStore, model_id: str) -> None:
        self._database = database
        self._store = store
        self._model_id = model_id
        self._seen = -1
        self._gallery = IndexedGallery.build([], [])

    def current(self) -> IndexedGallery:
        """Return the gallery as it is in the database now; reads it only when people or templates have changed.

        Raises:
            GalleryTampered: a row was changed by somebody without the key. Nobody is recognized then.
        """
        # The lock of the database, not one more: an enrolment calls this while it holds that one.
        with self._database.reading():
            generation = self._database.generation()
            if generation != self._seen:
                self._gallery = IndexedGallery.build(
                    self._store.people(), self._store.templates(model_id=self._model_id)
                )
                self._seen = generation
            return self._gallery
