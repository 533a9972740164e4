"""Embeddings of the pictures of a folder, each worked out once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hackai_face_auth.capture import look
from hackai_face_auth.engine.faces import FaceEngine, Floats
from hackai_face_auth.engine.pictures import decode_picture
from hackai_shared.serving.decoding import ImageError


class Embedder:
    """Remembers embeddings by path; None for a picture without a face that can be found or decoded.

    Of several faces the largest counts: evaluation folders hold photos with people in the background.
    """

    def __init__(self, engine: FaceEngine, *, max_pixels: int) -> None:
        self._engine = engine
        self._max_pixels = max_pixels
        self._known: dict[Path, Floats | None] = {}

    def __call__(self, path: Path) -> Floats | None:
        """Return the embedding of a picture's largest face."""
        path = path.resolve()
        if path not in self._known:
            self._known[path] = self._embed(path)
        return self._known[path]

    @property
    def count(self) -> int:
        """How many pictures were looked at."""
        return len(self._known)

    def failures(self) -> list[Path]:
        """Return the pictures in which no face was found."""
        return sorted(path for path, embedding in self._known.items() if embedding is None)

    def all_of(self, paths: Iterable[Path]) -> list[Floats]:
        """Return the embeddings of those pictures that have one."""
        found = (self(path) for path in paths)
        return [embedding for embedding in found if embedding is not None]

    def _embed(self, path: Path) -> Floats | None:
        try:
            _, view = look(self._engine, decode_picture(path.read_bytes(), max_pixels=self._max_pixels))
        except (ImageError, OSError):
            return None
        return None if view is None else view.embedding
