"""Encryption at rest: AES-256-GCM for embeddings, a keyed seal for people. Pure but for the randomness of nonces."""

from __future__ import annotations

import hmac
import json
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hackai_face_auth.errors import GalleryError, GalleryTampered

NONCE_BYTES = 12
MIN_SECRET_CHARS = 32


class GalleryCipher:
    """Two keys from one secret (HKDF-SHA256): one encrypts, one seals."""

    def __init__(self, secret: str) -> None:
        if len(secret) < MIN_SECRET_CHARS:
            raise GalleryError(
                f"the gallery key has {len(secret)} characters, at least {MIN_SECRET_CHARS} random ones are needed"
            )
        material = secret.encode()
        self._aead = AESGCM(_derive(material, b"hackai gallery: embeddings"))
        self._seal_key = _derive(material, b"hackai gallery: people")

    @property
    def fingerprint(self) -> str:
        """What tells a wrong key from a damaged gallery; says nothing of the key."""
        return hmac.new(self._seal_key, b"fingerprint", sha256).hexdigest()[:32]

    def encrypt(self, data: bytes, *context: str) -> bytes:
        """Return nonce and ciphertext, bound to ``context``: a row that is moved to somebody else does not open."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, data, _join(context))

    def decrypt(self, blob: bytes, *context: str) -> bytes:
        """Return the data.

        Raises:
            GalleryTampered: it was changed, moved, or encrypted with another key.
        """
        try:
            return self._aead.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _join(context))
        except (InvalidTag, ValueError) as error:
            raise GalleryTampered(f"a row of the gallery was changed: {' / '.join(context)}") from error

    def seal(self, *fields: str) -> bytes:
        """Return a keyed digest of fields that stay readable."""
        return hmac.new(self._seal_key, _join(fields), sha256).digest()

    def check_seal(self, seal: bytes, *fields: str) -> None:
        """Compare a seal.

        Raises:
            GalleryTampered: the fields are not those that were sealed.
        """
        if not hmac.compare_digest(seal, self.seal(*fields)):
            raise GalleryTampered(f"a row of the gallery was changed: {' / '.join(fields)}")


def _derive(material: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(material)


def _join(fields: tuple[str, ...]) -> bytes:
    # JSON and not a plain separator: ("a", "bc") and ("ab", "c") must differ.
    return json.dumps(fields, ensure_ascii=True).encode()
