"""Who is it: several frames, unknown is an answer."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.face_auth.conftest import Embeddings

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.gallery.index import IndexedGallery
from hackai_face_auth.gallery.records import Person, Template
from hackai_face_auth.recognition import identify, verify
from hackai_shared.security import Role


def near(target: Floats, cosine: float, other: Floats) -> Floats:
    """A unit vector at that cosine from ``target``."""
    side = other - (other @ target) * target
    side /= np.linalg.norm(side)
    return np.asarray(cosine * target + np.sqrt(1 - cosine**2) * side, np.float32)


@pytest.fixture
def gallery(embedding: Embeddings) -> IndexedGallery:
    people = [Person(name, name, Role.VIEWER, 0.0) for name in ("ada", "bob", "cleo")]
    templates = [
        Template(f"{name}{n}", name, "m", embedding(10 * i + n), 0.0, 0.0)
        for i, name in enumerate(("ada", "bob"))
        for n in range(1, 3)
    ]
    return IndexedGallery.build(people, templates)


def test_people_without_templates_are_not_in_the_matrix(gallery: IndexedGallery) -> None:
    assert [person.name for person in gallery.people] == ["ada", "bob"]
    assert gallery.matrix.shape == (4, 512)


def test_somebody_who_is_enrolled(gallery: IndexedGallery, embedding: Embeddings) -> None:
    frames = np.stack([near(embedding(12), cosine, embedding(90)) for cosine in (0.6, 0.5, 0.7)])
    decision = identify(gallery, frames, threshold=0.35, margin=0.05)
    assert decision.person is not None
    assert decision.person.name == "bob"
    assert decision.score == pytest.approx(0.6, abs=0.01)


def test_a_stranger_is_nobody(gallery: IndexedGallery, embedding: Embeddings) -> None:
    decision = identify(gallery, embedding(99)[None], threshold=0.35, margin=0.05)
    assert (decision.person, decision.reason) == (None, "unknown face")


def test_one_lucky_frame_does_not_open(gallery: IndexedGallery, embedding: Embeddings) -> None:
    frames = np.stack([near(embedding(1), 0.9, embedding(90)), *(embedding(n) for n in range(91, 95))])
    assert identify(gallery, frames, threshold=0.35, margin=0.05).person is None


def test_two_faces_in_one_series_are_nobody(gallery: IndexedGallery, embedding: Embeddings) -> None:
    frames = np.stack([embedding(1), embedding(1), embedding(11), embedding(11)])
    assert identify(gallery, frames, threshold=0.35, margin=0.05).person is None


def test_between_two_people_is_nobody(gallery: IndexedGallery, embedding: Embeddings) -> None:
    middle = embedding(1) + embedding(11)
    decision = identify(gallery, (middle / np.linalg.norm(middle))[None], threshold=0.35, margin=0.05)
    assert (decision.person, decision.reason) == (None, "too close between two people")


def test_no_frames_and_no_people(gallery: IndexedGallery, embedding: Embeddings) -> None:
    none = np.empty((0, 512), np.float32)
    assert identify(gallery, none, threshold=0.35, margin=0.05).reason == "no usable face"
    empty = IndexedGallery.build([], [])
    assert identify(empty, embedding(1)[None], threshold=0.35, margin=0.05).reason == "nobody is enrolled"
    assert verify(gallery, "ada", none, threshold=0.35).person is None


def test_one_to_one(gallery: IndexedGallery, embedding: Embeddings) -> None:
    frames = near(embedding(1), 0.5, embedding(90))[None]
    assert verify(gallery, "ada", frames, threshold=0.35).person is not None
    assert verify(gallery, "bob", frames, threshold=0.35).reason == "another face"
    assert verify(gallery, "nobody", frames, threshold=0.35).person is None
