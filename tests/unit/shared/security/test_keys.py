"""Key sets: where public keys come from, and how often they are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hackai_shared.security import KeySet, KeysUnavailable, file_reader, http_reader, key_id, to_jwk
from hackai_shared.security.keys import parse_jwks

KEY = Ed25519PrivateKey.generate().public_key()


def document(*keys: dict[str, str]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def test_a_key_survives_the_way_through_a_jwks() -> None:
    assert parse_jwks(document(to_jwk(KEY)))[key_id(KEY)].public_bytes_raw() == KEY.public_bytes_raw()


def test_other_kinds_of_keys_are_passed_over() -> None:
    rsa = {"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}
    encryption = {**to_jwk(KEY), "use": "enc", "kid": "e"}
    assert set(parse_jwks(document(rsa, encryption, to_jwk(KEY)))) == {key_id(KEY)}


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": [1]}', document({"kty": "oct"})])
def test_what_is_no_key_set(data: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        parse_jwks(data)


def test_made_up_key_ids_do_not_cause_a_read_each() -> None:
    reads = []
    now = [0.0]

    def read() -> bytes:
        reads.append(now[0])
        return document(to_jwk(KEY))

    keys = KeySet(read, pause_s=10, clock=lambda: now[0])
    assert keys.refresh()
    assert not keys.refresh()
    now[0] = 11.0
    assert keys.refresh()
    assert reads == [0.0, 11.0]


def test_keys_stay_in_use_when_a_later_read_fails(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(document(to_jwk(KEY)))
    now = [0.0]
    keys = KeySet(file_reader(path), clock=lambda: now[0])
    keys.refresh()
    path.unlink()
    now[0] = 60.0
    with pytest.raises(KeysUnavailable, match="cannot read"):
        keys.refresh()
    assert keys.get(key_id(KEY)) is not None


def test_only_http_addresses_are_asked() -> None:
    with pytest.raises(KeysUnavailable, match="not an http"):
        http_reader("file:///etc/passwd")
