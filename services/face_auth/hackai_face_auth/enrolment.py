"""Enrolment: photos through the gates, one person once, everything in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hackai_face_auth.capture import FaceView, look
from hackai_face_auth.codes import CodeBook
from hackai_face_auth.engine.faces import FaceEngine
from hackai_face_auth.engine.pictures import decode_picture
from hackai_face_auth.errors import PersonExists, PhotoRefused
from hackai_face_auth.gallery import GalleryIndex, GalleryStore, Person, Template
from hackai_face_auth.gallery.database import Database
from hackai_face_auth.names import clean_name
from hackai_face_auth.quality import count_objection, objections
from hackai_face_auth.recognition import identify
from hackai_shared.config.faces import FacesConfig
from hackai_shared.security import Role
from hackai_shared.serving.decoding import ImageError


@dataclass(frozen=True)
class Photo:
    """An uploaded picture; ``label`` is how messages call it (never a path that is opened)."""

    label: str
    data: bytes


class Enrolment:
    """Adds people and photos."""

    def __init__(
        self,
        engine: FaceEngine,
        database: Database,
        store: GalleryStore,
        index: GalleryIndex,
        codes: CodeBook,
        config: FacesConfig,
        *,
        now: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._database = database
        self._store = store
        self._index = index
        self._codes = codes
        self._config = config
        self._now = now

    def enrol(self, name: str, photos: Sequence[Photo], role: Role) -> Person:
        """Enrol somebody new.

        Raises:
            NameInvalid, PhotoRefused, PersonExists, GalleryError: see there.
        """
        name = clean_name(name)
        views = self._views(photos)
        with self._database.transaction():
            return self._add(name, views, role)

    def enrol_with_code(self, name: str, photos: Sequence[Photo], code: str) -> Person:
        """Enrol somebody with a one-time code, which says the role and is used up by success alone.

        Raises:
            CodeInvalid, NameInvalid, PhotoRefused, PersonExists, GalleryError: see there.
        """
        self._codes.check(code, self._now())  # a wrong code costs no look at photos
        name = clean_name(name)
        views = self._views(photos)
        with self._database.transaction():
            role = self._codes.use(code, self._now())
            return self._add(name, views, role)

    def add_photos(self, person_id: str, photos: Sequence[Photo]) -> Person:
        """Add photos to somebody; they must show the same person, unless only photos of another model are there.

        Raises:
            PersonUnknown, PhotoRefused, PersonExists, GalleryError: see there.
        """
        views = self._views(photos)
        with self._database.transaction():
            person = self._store.person(person_id)
            known = self._store.templates(person_id=person_id, model_id=self._engine.model_id)
            if len(known) + len(views) > self._config.max_photos:
                raise PhotoRefused(photos[0].label, [f"{self._config.max_photos} photos are kept of one person"])
            if known:
                matrix = np.stack([template.embedding for template in known])
                for photo, view in zip(photos, views, strict=True):
                    if float((matrix @ view.embedding).max()) < self._config.threshold:
                        raise PhotoRefused(photo.label, [f"this does not look like {person.name}"])
            self._refuse_duplicates(views, besides=person_id)
            self._store_views(person_id, views)
            return self._store.person(person_id)

    def objections_to(self, photo: Photo) -> list[str]:
        """Return what speaks against a photo, in words for people; keeps nothing of it."""
        try:
            self._view(photo)
        except PhotoRefused as error:
            return list(error.reasons)
        return []

    def _add(self, name: str, views: Sequence[FaceView], role: Role) -> Person:
        self._refuse_duplicates(views, besides=None)
        person = self._store.add_person(name, role, self._now())
        self._store_views(person.person_id, views)
        return self._store.person(person.person_id)

    def _store_views(self, person_id: str, views: Sequence[FaceView]) -> list[Template]:
        model_id, now = self._engine.model_id, self._now()
        return [
            self._store.add_template(person_id, model_id, view.embedding, view.quality.sharpness, now) for view in views
        ]

    def _views(self, photos: Sequence[Photo]) -> list[FaceView]:
        if not photos:
            raise PhotoRefused("photos", ["send at least one photo"])
        if len(photos) > self._config.max_photos:
            raise PhotoRefused("photos", [f"{self._config.max_photos} photos are kept of one person"])
        views = [self._view(photo) for photo in photos]
        first = views[0].embedding
        for photo, view in zip(photos[1:], views[1:], strict=True):
            if float(first @ view.embedding) < self._config.threshold:
                raise PhotoRefused(photo.label, [f"this is another person than on {photos[0].label}"])
        return views

    def _view(self, photo: Photo) -> FaceView:
        try:
            picture = decode_picture(photo.data, max_pixels=self._config.max_pixels)
        except ImageError as error:
            raise PhotoRefused(photo.label, [str(error)]) from error
        count, view = look(self._engine, picture)
        objection = count_objection(count)
        if view is None or objection is not None:
            raise PhotoRefused(photo.label, [objection or "no face was found"])
        reasons = objections(view.quality, self._config.quality)
        if reasons:
            raise PhotoRefused(photo.label, reasons)
        return view

    def _refuse_duplicates(self, views: Sequence[FaceView], *, besides: str | None) -> None:
        """Two records of one person would halve every decision on roles and revocation."""
        gallery = self._index.current()
        for view in views:
            found = identify(gallery, view.embedding[None], threshold=self._config.threshold, margin=0.0)
            if found.person is not None and found.person.person_id != besides:
                raise PersonExists(
                    f"this face is enrolled already as {found.person.name}",
                    person_id=found.person.person_id,
                    name=found.person.name,
                )
