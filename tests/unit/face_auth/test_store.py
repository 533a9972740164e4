"""The gallery: what is kept, what is gone, what was tampered with."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.unit.face_auth.conftest import SECRET, Embeddings

from hackai_face_auth.errors import GalleryError, GalleryTampered, LastAdministrator, PersonExists, PersonUnknown
from hackai_face_auth.gallery import GalleryIndex, GalleryStore, Person
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database
from hackai_face_auth.gallery.schema import MIGRATIONS
from hackai_shared.security import Role

MODEL = "net@0123"


def all_bytes(gallery: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(gallery.parent.iterdir()))


def enrol(store: GalleryStore, embedding: Embeddings, name: str, number: int, role: Role = Role.VIEWER) -> Person:
    person = store.add_person(name, role, 1.0)
    store.add_template(person.person_id, MODEL, embedding(number), 80.0, 2.0)
    return store.person(person.person_id)


def test_templates_come_back_as_they_were(store: GalleryStore, embedding: Embeddings) -> None:
    person = enrol(store, embedding, "Ada", 1)
    (template,) = store.templates(person_id=person.person_id)
    np.testing.assert_array_equal(template.embedding, embedding(1))
    assert (template.model_id, template.quality, person.photos) == (MODEL, 80.0, 1)


def test_embeddings_are_not_readable_in_the_file(
    store: GalleryStore, embedding: Embeddings, gallery_path: Path
) -> None:
    enrol(store, embedding, "Ada", 1)
    assert embedding(1).tobytes()[:16] not in all_bytes(gallery_path)


def test_the_file_is_private(store: GalleryStore, gallery_path: Path) -> None:
    for path in gallery_path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_name_is_taken_in_any_spelling(store: GalleryStore, embedding: Embeddings) -> None:
    ada = enrol(store, embedding, "Ada", 1)
    with pytest.raises(PersonExists) as caught:
        store.add_person("ADA", Role.VIEWER, 1.0)
    assert caught.value.person_id == ada.person_id


def test_deleted_means_gone(store: GalleryStore, embedding: Embeddings, gallery_path: Path) -> None:
    enrol(store, embedding, "Grace", 2, Role.ADMIN)
    ada = enrol(store, embedding, "Adelaide Vanishing", 1)
    (template,) = store.templates(person_id=ada.person_id)
    with sqlite3.connect(gallery_path) as raw:
        (blob,) = raw.execute(
            "SELECT embedding FROM templates WHERE template_id = ?", (template.template_id,)
        ).fetchone()
    raw.close()
    traces = [b"Adelaide", ada.person_id.encode(), template.template_id.encode(), bytes(blob)[:32]]
    assert all(trace in all_bytes(gallery_path) for trace in traces)
    store.delete_person(ada.person_id)
    assert not any(trace in all_bytes(gallery_path) for trace in traces)
    with pytest.raises(PersonUnknown):
        store.person(ada.person_id)
    assert [person.name for person in store.people()] == ["Grace"]


def test_a_deleted_photo_is_gone_too(store: GalleryStore, embedding: Embeddings, gallery_path: Path) -> None:
    ada = enrol(store, embedding, "Ada", 1)
    (template,) = store.templates(person_id=ada.person_id)
    with pytest.raises(PersonUnknown):
        store.delete_template("somebody else", template.template_id)
    store.delete_template(ada.person_id, template.template_id)
    assert template.template_id.encode() not in all_bytes(gallery_path)


def test_the_last_administrator_stays(store: GalleryStore, embedding: Embeddings) -> None:
    ada = enrol(store, embedding, "Ada", 1, Role.ADMIN)
    with pytest.raises(LastAdministrator):
        store.delete_person(ada.person_id)
    with pytest.raises(LastAdministrator):
        store.set_role(ada.person_id, Role.VIEWER)
    grace = enrol(store, embedding, "Grace", 2)
    store.set_role(grace.person_id, Role.ADMIN)
    assert store.set_role(ada.person_id, Role.OPERATOR).role is Role.OPERATOR


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE people SET role = 'admin'",
        "UPDATE people SET name = 'Eve'",
        "UPDATE people SET seal = x'00'",
        "UPDATE templates SET person_id = (SELECT max(person_id) FROM people)"
        " WHERE person_id = (SELECT min(person_id) FROM people)",
        "UPDATE templates SET embedding = zeroblob(2076)",
        "UPDATE templates SET model_id = 'other'",
        "UPDATE templates SET embedding = (SELECT max(embedding) FROM templates)",
    ],
)
def test_a_tampered_database_lets_nobody_in(
    store: GalleryStore, database: Database, embedding: Embeddings, gallery_path: Path, change: str
) -> None:
    enrol(store, embedding, "Ada", 1)
    enrol(store, embedding, "Bob", 2)
    index = GalleryIndex(database, store, MODEL)
    assert len(index.current().people) == 2
    with sqlite3.connect(gallery_path) as raw:
        raw.execute(change)
    raw.close()
    if "model_id" in change:  # moved out of the model's sight: refused where it is read at all
        with pytest.raises(GalleryTampered):
            store.templates()
    else:
        with pytest.raises(GalleryTampered):
            index.current()


def test_another_key_is_named_as_the_reason(store: GalleryStore, database: Database) -> None:
    with pytest.raises(GalleryError, match="another key"):
        GalleryStore(database, GalleryCipher(SECRET + "!"))


def test_the_index_follows_other_processes(
    store: GalleryStore, database: Database, cipher: GalleryCipher, embedding: Embeddings, gallery_path: Path
) -> None:
    index = GalleryIndex(database, store, MODEL)
    assert not index.current().people
    other = Database(gallery_path)
    enrol(GalleryStore(other, cipher), embedding, "Ada", 1)
    other.close()
    assert [person.name for person in index.current().people] == ["Ada"]
    assert index.current() is index.current()


def test_only_embeddings_of_the_same_model_are_compared(
    store: GalleryStore, database: Database, embedding: Embeddings
) -> None:
    ada = enrol(store, embedding, "Ada", 1)
    assert not GalleryIndex(database, store, "net@9999").current().people
    assert [person.person_id for person in store.stale_people("net@9999")] == [ada.person_id]
    assert store.stale_people(MODEL) == []


def test_two_enrolments_of_one_name_at_once(store: GalleryStore, cipher: GalleryCipher, gallery_path: Path) -> None:
    def attempt(_: int) -> str:
        database = Database(gallery_path)  # a connection each, as two processes have
        try:
            return GalleryStore(database, cipher).add_person("Ada", Role.VIEWER, 1.0).name
        except PersonExists:
            return "refused"
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sorted(outcomes) == ["Ada"] + ["refused"] * 7
    assert len(store.people()) == 1


def test_an_older_gallery_is_migrated(tmp_path: Path, cipher: GalleryCipher) -> None:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as raw:
        for statement in MIGRATIONS[0]:
            raw.execute(statement)
        raw.execute("PRAGMA user_version = 1")
    raw.close()
    database = Database(path)
    assert GalleryStore(database, cipher).people() == []
    with database.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("SELECT count(*) FROM sessions").fetchone()[0] == 0
    database.close()


def test_a_newer_gallery_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(GalleryError, match="schema 99"):
        Database(path)


def test_what_is_no_database_is_set_aside_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    content = b"not a database at all, but long enough to be looked at" * 20
    path.write_bytes(content)

    Database(path)

    (kept,) = tmp_path.glob("x.sqlite3.damaged-*")
    assert kept.read_bytes() == content
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM people").fetchone() == (0,)
    raw.close()
