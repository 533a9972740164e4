"""The secrets of the service: the signing key of sessions and the gallery key, private to their owner."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from hackai_face_auth.errors import GalleryError
from hackai_face_auth.settings import FaceAuthSettings
from hackai_shared.security import to_jwk

log = structlog.get_logger(__name__)

SIGNING_KEY = "signing.pem"
GALLERY_KEY = "gallery.key"
JWKS = "jwks.json"


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """Return the key that signs sessions, made at the first start; its public half stands in ``jwks.json`` beside it.

    Raises:
        GalleryError: the file is there and holds no Ed25519 key, or cannot be written.
    """
    path = folder / SIGNING_KEY
    made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        key = load_pem_private_key(_read_or_make(path, made), password=None)
    except ValueError as error:
        raise GalleryError(f"{path} holds no private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise GalleryError(f"{path} holds a key of another kind than Ed25519")
    write_jwks(folder, key)
    return key


def jwks_document(key: Ed25519PrivateKey) -> dict[str, list[dict[str, str]]]:
    """Return the public half as a JWKS document."""
    return {"keys": [to_jwk(key.public_key())]}


def write_jwks(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write the public half where services of the same machine find it; readers never see half a file."""
    target = folder / JWKS
    fresh = target.with_suffix(".new")
    fresh.write_text(json.dumps(jwks_document(key)), encoding="utf-8")
    fresh.replace(target)


def gallery_secret(settings: FaceAuthSettings) -> str:
    """Return the secret of the gallery: the configured one, or one made beside the gallery at the first start.

    Raises:
        GalleryError: the file cannot be read or written.
    """
    if settings.gallery_key is not None:
        return settings.gallery_key.get_secret_value()
    path = settings.folder / GALLERY_KEY
    if not path.exists():
        log.warning(
            "no gallery key is configured, one was made beside the gallery: whoever copies the folder can read it; "
            "set HACKAI_GALLERY_KEY_FILE",
            file=str(path),
        )
    return _read_or_make(path, secrets.token_urlsafe(32).encode()).decode("ascii", "replace").strip()


def _read_or_make(path: Path, content: bytes) -> bytes:
    """Return what the file holds; make it, readable by its owner alone, where it is missing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return content
    except OSError as error:
        raise GalleryError(f"cannot use {path}: {error.strerror}") from error
