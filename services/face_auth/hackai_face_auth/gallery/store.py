"""People and templates in the database: encrypted, sealed, gone when deleted."""

from __future__ import annotations

import sqlite3
import uuid

import numpy as np

from hackai_face_auth.engine.faces import EMBEDDING_SIZE, Floats
from hackai_face_auth.errors import GalleryError, GalleryTampered, LastAdministrator, PersonExists, PersonUnknown
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database
from hackai_face_auth.gallery.records import Person, Template
from hackai_face_auth.names import name_key
from hackai_shared.security import Role

_PEOPLE = """
    SELECT p.*, (SELECT count(*) FROM templates t WHERE t.person_id = p.person_id) AS photos FROM people p
"""

_WITHOUT_MODEL = "WHERE NOT EXISTS (SELECT 1 FROM templates t WHERE t.person_id = p.person_id AND t.model_id = ?)"


class GalleryStore:
    """Reads verify what they read; every write is one transaction."""

    def __init__(self, database: Database, cipher: GalleryCipher) -> None:
        self._database = database
        self._cipher = cipher
        with database.transaction() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'key'").fetchone()
            if row is None:
                connection.execute("INSERT INTO meta VALUES ('key', ?)", (cipher.fingerprint,))
            elif row["value"] != cipher.fingerprint:
                raise GalleryError(f"{database.path} was encrypted with another key than the configured one")

    def people(self) -> list[Person]:
        """Return everybody, by name.

        Raises:
            GalleryTampered: a row was changed by somebody without the key.
        """
        with self._database.reading() as connection:
            return [self._person(row) for row in connection.execute(_PEOPLE + "ORDER BY p.name_key")]

    def person(self, person_id: str) -> Person:
        """Return one person.

        Raises:
            PersonUnknown: nobody has that id.
            GalleryTampered: the row was changed.
        """
        with self._database.reading() as connection:
            row = connection.execute(_PEOPLE + "WHERE p.person_id = ?", (person_id,)).fetchone()
        if row is None:
            raise PersonUnknown(f"nobody has the id {person_id[:64]!r}")
        return self._person(row)

    def person_ids(self) -> set[str]:
        """Return the ids of everybody."""
        with self._database.reading() as connection:
            return {row["person_id"] for row in connection.execute("SELECT person_id FROM people")}

    def find_name(self, name: str) -> Person | None:
        """Return the person of that name in any spelling of case."""
        with self._database.reading() as connection:
            row = connection.execute(_PEOPLE + "WHERE p.name_key = ?", (name_key(name),)).fetchone()
        return None if row is None else self._person(row)

    def has_admin(self) -> bool:
        """Return whether anybody may administer people."""
        return any(person.role is Role.ADMIN for person in self.people())

    def add_person(self, name: str, role: Role, now: float) -> Person:
        """Add somebody without photos.

        Raises:
            PersonExists: the name is taken.
        """
        person = Person(uuid.uuid4().hex, name, role, now)
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)",
                    (person.person_id, name, name_key(name), role.value, now, self._seal(person)),
                )
        except sqlite3.IntegrityError as error:
            taken = self.find_name(name)
            raise PersonExists(
                f"{name} is enrolled already", person_id=taken.person_id if taken else "", name=name
            ) from error
        return person

    def set_role(self, person_id: str, role: Role) -> Person:
        """Change what somebody may do.

        Raises:
            PersonUnknown, LastAdministrator, GalleryTampered: see there.
        """
        with self._database.transaction() as connection:
            person = self.person(person_id)
            if role is not Role.ADMIN:
                self._keep_an_admin(person)
            changed = Person(person_id, person.name, role, person.created_at, person.photos)
            connection.execute(
                "UPDATE people SET role = ?, seal = ? WHERE person_id = ?", (role.value, self._seal(changed), person_id)
            )
        return changed

    def add_template(self, person_id: str, model_id: str, embedding: Floats, quality: float, now: float) -> Template:
        """Add the template of one photo."""
        template = Template(uuid.uuid4().hex, person_id, model_id, embedding, quality, now)
        data = np.ascontiguousarray(embedding, np.dtype("<f4")).tobytes()
        blob = self._cipher.encrypt(data, template.template_id, person_id, model_id)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?)",
                (template.template_id, person_id, model_id, blob, quality, now),
            )
        return template

    def templates(self, *, person_id: str | None = None, model_id: str | None = None) -> list[Template]:
        """Return decrypted templates, by person.

        Raises:
            GalleryTampered: one was changed, or moved to another person or model.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM templates WHERE (?1 IS NULL OR person_id = ?1) AND (?2 IS NULL OR model_id = ?2)"
                " ORDER BY person_id, created_at, template_id",
                (person_id, model_id),
            ).fetchall()
        return [self._template(row) for row in rows]

    def delete_template(self, person_id: str, template_id: str) -> None:
        """Delete one photo's template for good.

        Raises:
            PersonUnknown: the person has no such photo.
        """
        with self._database.transaction() as connection:
            found = connection.execute(
                "DELETE FROM templates WHERE person_id = ? AND template_id = ?", (person_id, template_id)
            )
            if found.rowcount == 0:
                raise PersonUnknown("this person has no such photo")
        self._database.forget_deleted()

    def check_deletable(self, person_id: str) -> None:
        """Return silently if a person can be deleted.

        Raises:
            PersonUnknown, LastAdministrator: see there.
        """
        self._keep_an_admin(self.person(person_id))

    def delete_person(self, person_id: str, *, force: bool = False) -> Person:
        """Delete somebody with everything that is known of them, for good.

        ``force`` also deletes the last administrator (the machine's owner may start anew).

        Raises:
            PersonUnknown, LastAdministrator: see there.
        """
        with self._database.transaction() as connection:
            person = self.person(person_id)
            if not force:
                self._keep_an_admin(person)
            connection.execute("DELETE FROM people WHERE person_id = ?", (person_id,))
            connection.execute("DELETE FROM sessions WHERE person_id = ?", (person_id,))
            connection.execute("DELETE FROM devices WHERE person_id = ?1 OR vouched_by = ?1", (person_id,))
        self._database.forget_deleted()
        return person

    def stale_people(self, model_id: str) -> list[Person]:
        """Return who has photos, but none for this model: they have to enrol again."""
        with self._database.reading() as connection:
            rows = connection.execute(_PEOPLE + _WITHOUT_MODEL, (model_id,)).fetchall()
        return [self._person(row) for row in rows]

    def _keep_an_admin(self, person: Person) -> None:
        admins = [other for other in self.people() if other.role is Role.ADMIN]
        if [admin.person_id for admin in admins] == [person.person_id]:
            raise LastAdministrator(f"{person.name} is the only administrator; appoint another one first")

    def _person(self, row: sqlite3.Row) -> Person:
        self._cipher.check_seal(row["seal"], row["person_id"], row["name"], row["role"], repr(row["created_at"]))
        return Person(row["person_id"], row["name"], Role(row["role"]), row["created_at"], row["photos"])

    def _seal(self, person: Person) -> bytes:
        return self._cipher.seal(person.person_id, person.name, person.role.value, repr(float(person.created_at)))

    def _template(self, row: sqlite3.Row) -> Template:
        data = self._cipher.decrypt(row["embedding"], row["template_id"], row["person_id"], row["model_id"])
        embedding = np.frombuffer(data, np.dtype("<f4"))
        if embedding.shape != (EMBEDDING_SIZE,):
            raise GalleryTampered(f"template {row['template_id']} has {embedding.size} numbers")
        return Template(
            row["template_id"], row["person_id"], row["model_id"], embedding, row["quality"], row["created_at"]
        )
