"""Secrets of the service: made once, private."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from hackai_face_auth.errors import GalleryError
from hackai_face_auth.keys import gallery_secret, signing_key
from hackai_face_auth.settings import FaceAuthSettings
from hackai_shared.security import key_id


def test_the_signing_key_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "face_auth"
    first, second = signing_key(folder), signing_key(folder)
    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert stat.S_IMODE((folder / "signing.pem").stat().st_mode) == 0o600
    published = json.loads((folder / "jwks.json").read_text())
    assert [key["kid"] for key in published["keys"]] == [key_id(first.public_key())]
    assert "d" not in published["keys"][0]


def test_another_kind_of_key_stops_the_start(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "signing.pem").write_bytes(other)
    with pytest.raises(GalleryError, match="another kind"):
        signing_key(tmp_path)
    (tmp_path / "signing.pem").write_bytes(b"nothing")
    with pytest.raises(GalleryError, match="no private key"):
        signing_key(tmp_path)


def test_the_gallery_key_is_the_configured_one_or_made_once(tmp_path: Path) -> None:
    given = FaceAuthSettings(data_dir=tmp_path, gallery_key=SecretStr("k" * 40))
    assert gallery_secret(given) == "k" * 40
    made = FaceAuthSettings(data_dir=tmp_path)
    assert gallery_secret(made) == gallery_secret(made)
    assert len(gallery_secret(made)) >= 32
    assert stat.S_IMODE((tmp_path / "face_auth" / "gallery.key").stat().st_mode) == 0o600
