"""Encryption at rest."""

from __future__ import annotations

import pytest

from hackai_face_auth.errors import GalleryError, GalleryTampered
from hackai_face_auth.gallery.cipher import GalleryCipher


def test_what_is_encrypted_opens_in_its_place_alone(cipher: GalleryCipher) -> None:
    blob = cipher.encrypt(b"embedding", "t1", "ada", "model")
    assert b"embedding" not in blob
    assert cipher.decrypt(blob, "t1", "ada", "model") == b"embedding"
    for context in (("t1", "bob", "model"), ("t2", "ada", "model"), ("t1", "ada", "other"), ("t1ada", "", "model")):
        with pytest.raises(GalleryTampered):
            cipher.decrypt(blob, *context)


def test_each_encryption_has_its_own_nonce(cipher: GalleryCipher) -> None:
    assert len({cipher.encrypt(b"x", "a") for _ in range(100)}) == 100


@pytest.mark.parametrize("position", [0, 12, -1])
def test_a_flipped_bit_is_noticed(cipher: GalleryCipher, position: int) -> None:
    blob = bytearray(cipher.encrypt(b"embedding", "t1"))
    blob[position] ^= 1
    with pytest.raises(GalleryTampered):
        cipher.decrypt(bytes(blob), "t1")


def test_a_blob_that_was_cut_is_noticed(cipher: GalleryCipher) -> None:
    with pytest.raises(GalleryTampered):
        cipher.decrypt(b"", "t1")


def test_seals_tell_fields_apart(cipher: GalleryCipher) -> None:
    seal = cipher.seal("ada", "viewer")
    cipher.check_seal(seal, "ada", "viewer")
    for fields in (("ada", "admin"), ("adaviewer",), ("ad", "aviewer")):
        with pytest.raises(GalleryTampered):
            cipher.check_seal(seal, *fields)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(GalleryError, match="at least 32"):
        GalleryCipher("short")
