"""Sessions: issued, listed, revoked."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.unit.face_auth.conftest import Clock

from hackai_face_auth.gallery import GalleryStore
from hackai_face_auth.gallery.database import Database
from hackai_face_auth.sessions import SessionBook
from hackai_shared.security import KeySet, Role, verify_session

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def book(database: Database, clock: Clock) -> SessionBook:
    clock.at = time.time()
    return SessionBook(database, KEY, minutes=10, now=clock)


def test_a_session_verifies_with_the_public_key_alone(book: SessionBook, store: GalleryStore) -> None:
    person = store.add_person("Ada", Role.OPERATOR, 1.0)
    token, claims = book.issue(person, "telegram:1", live=True)
    assert verify_session(token, KeySet.of(KEY.public_key())) == claims
    assert claims.exp - claims.iat == 600
    assert [session.jti for session in book.active()] == [claims.jti]


def test_revocation_of_one_and_of_all(book: SessionBook, store: GalleryStore) -> None:
    ada, bob = store.add_person("Ada", Role.VIEWER, 1.0), store.add_person("Bob", Role.ADMIN, 1.0)
    tokens = [book.issue(person, "telegram:1", live=False)[1] for person in (ada, ada, bob)]
    assert [session.jti for session in book.revoke(jti=tokens[0].jti)] == [tokens[0].jti]
    assert book.revoke(jti=tokens[0].jti) == []
    assert [session.jti for session in book.revoke(person_id=ada.person_id)] == [tokens[1].jti]
    assert set(book.revoked()) == {tokens[0].jti, tokens[1].jti}
    assert [session.person_id for session in book.active()] == [bob.person_id]


def test_a_revocation_outlives_the_person(book: SessionBook, store: GalleryStore) -> None:
    ada = store.add_person("Ada", Role.VIEWER, 1.0)
    _, claims = book.issue(ada, "telegram:1", live=False)
    book.revoke(person_id=ada.person_id)
    store.delete_person(ada.person_id)
    assert claims.jti in book.revoked()


def test_expired_sessions_are_forgotten(book: SessionBook, store: GalleryStore, clock: Clock) -> None:
    ada = store.add_person("Ada", Role.VIEWER, 1.0)
    _, claims = book.issue(ada, "telegram:1", live=False)
    book.revoke(jti=claims.jti)
    clock.at += 700
    assert book.active() == []
    assert book.revoked() == {}
