"""Puts the domain together: the same parts serve HTTP and the command line."""

from __future__ import annotations

import random
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hackai_face_auth.audit import AuditTrail
from hackai_face_auth.codes import CodeBook
from hackai_face_auth.devices import DeviceBook
from hackai_face_auth.engine.faces import FaceEngine, InsightFaceEngine
from hackai_face_auth.engine.pack import find_pack
from hackai_face_auth.enrolment import Enrolment
from hackai_face_auth.gallery import GalleryIndex, GalleryStore
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database
from hackai_face_auth.keys import gallery_secret, signing_key
from hackai_face_auth.liveness.book import ChallengeBook
from hackai_face_auth.liveness.passive import AntiSpoof
from hackai_face_auth.liveness.steps import draw_steps
from hackai_face_auth.lockout import LockoutBook
from hackai_face_auth.login import Login
from hackai_face_auth.sessions import SessionBook
from hackai_face_auth.settings import FaceAuthSettings
from hackai_shared.config.faces import FacesConfig

log = structlog.get_logger(__name__)

GALLERY_FILE = "gallery.sqlite3"


@dataclass(frozen=True)
class Core:
    """Everything behind the edges."""

    config: FacesConfig
    engine: FaceEngine
    key: Ed25519PrivateKey
    database: Database
    store: GalleryStore
    codes: CodeBook
    devices: DeviceBook
    enrolment: Enrolment
    challenges: ChallengeBook
    sessions: SessionBook
    login: Login
    audit: AuditTrail
    passive: bool


def load_engine(config: FacesConfig) -> FaceEngine:
    """Return the face models.

    Raises:
        PackError: they are missing or not those that their hashes name.
    """
    return InsightFaceEngine(find_pack(config.pack), threads=config.threads)


def load_antispoof(config: FacesConfig, data: Path) -> AntiSpoof | None:
    """Return the passive liveness models: of the configured folder, else of ``antispoof`` in the data folder.

    None where neither is there.

    Raises:
        PackError: a folder is there and cannot be used.
    """
    configured = config.liveness.antispoof_folder
    folder = data / "antispoof" if configured is None else Path(configured).expanduser()
    if configured is None and not folder.is_dir():
        return None
    return AntiSpoof(folder, threads=config.threads)


def build_core(
    settings: FaceAuthSettings, config: FacesConfig, engine: FaceEngine, *, listed: Collection[int] = ()
) -> Core:
    """Open the gallery and put the parts together; ``listed`` are the chats that the configuration names.

    Raises:
        PackError, GalleryError: the models or the gallery cannot be used.
    """
    cipher = GalleryCipher(gallery_secret(settings))
    database = Database(settings.folder / GALLERY_FILE)
    store = GalleryStore(database, cipher)
    index = GalleryIndex(database, store, engine.model_id)
    index.current()  # a gallery that was tampered with stops the start
    codes = CodeBook(database, cipher)
    devices = DeviceBook(database, cipher, {f"telegram:{chat}" for chat in listed}, now=time.time)
    key = signing_key(settings.folder)
    sessions = SessionBook(database, key, minutes=config.session_minutes, now=time.time)
    challenges = ChallengeBook(
        seconds=config.liveness.challenge_seconds,
        draw=partial(draw_steps, config.liveness.challenge_steps, random.SystemRandom()),
        clock=time.monotonic,
    )
    lockouts = LockoutBook(database, config.lockout, clock=time.monotonic, now=time.time)
    audit = AuditTrail(database)
    antispoof = load_antispoof(config, settings.data_dir)
    for person in store.stale_people(engine.model_id):
        log.warning("this person has no photo of the current face model, enrol again", person=person.name)
    return Core(
        config=config,
        engine=engine,
        key=key,
        database=database,
        store=store,
        codes=codes,
        devices=devices,
        enrolment=Enrolment(engine, database, store, index, codes, config, now=time.time),
        challenges=challenges,
        sessions=sessions,
        login=Login(engine, antispoof, index, devices, challenges, lockouts, sessions, audit, config),
        audit=audit,
        passive=antispoof is not None,
    )
