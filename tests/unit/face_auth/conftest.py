"""A gallery on disk, embeddings at chosen angles, clocks that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hackai_face_auth.engine.faces import EMBEDDING_SIZE, Floats
from hackai_face_auth.gallery import GalleryStore
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database

SECRET = "a secret of at least thirty-two characters"
Embeddings = Callable[[int], Floats]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def embedding() -> Embeddings:
    """Unit vectors by number: the same number is the same vector, different ones are nearly orthogonal."""

    def make(number: int) -> Floats:
        vector = np.random.default_rng(number).standard_normal(EMBEDDING_SIZE).astype(np.float32)
        return vector / np.float32(np.linalg.norm(vector))

    return make


@pytest.fixture
def cipher() -> GalleryCipher:
    return GalleryCipher(SECRET)


@pytest.fixture
def gallery_path(tmp_path: Path) -> Path:
    return tmp_path / "faces" / "gallery.sqlite3"


@pytest.fixture
def database(gallery_path: Path) -> Iterator[Database]:
    opened = Database(gallery_path)
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database, cipher: GalleryCipher) -> GalleryStore:
    return GalleryStore(database, cipher)
