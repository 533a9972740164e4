"""Session tokens: what holds, and the attacks that do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hackai_shared.security import KeySet, Role, SessionClaims, TokenInvalid, key_id, sign_session, verify_session
from hackai_shared.security.tokens import AUDIENCE, ISSUER

KEY = Ed25519PrivateKey.generate()
KEYS = KeySet.of(KEY.public_key())


def claims(**changes: object) -> SessionClaims:
    now = int(time.time())
    values = {
        "sub": "ada",
        "name": "Ada",
        "role": Role.OPERATOR,
        "jti": "0" * 32,
        "iat": now,
        "exp": now + 600,
        "auth_time": now,
    }
    return SessionClaims.model_validate({**values, **changes})


def payload(**changes: object) -> dict[str, object]:
    return {**claims().model_dump(mode="json"), "iss": ISSUER, "aud": AUDIENCE, **changes}


def signed(body: dict[str, object], **headers: object) -> str:
    return jwt.encode(body, KEY, algorithm="EdDSA", headers={"kid": key_id(KEY.public_key()), **headers})


def reason_of(token: str) -> str:
    with pytest.raises(TokenInvalid) as caught:
        verify_session(token, KEYS)
    return caught.value.reason


def test_a_signed_session_comes_back_as_the_person() -> None:
    principal = verify_session(sign_session(claims(live=True), KEY), KEYS).principal()
    assert (principal.kind, principal.subject, principal.role, principal.live) == ("person", "ada", Role.OPERATOR, True)
    assert principal.proof == "session:" + "0" * 32


def test_alg_none_is_refused() -> None:
    for name in ("none", "None", "NONE"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": name, "kid": key_id(KEY.public_key())}).encode())
        body = base64.urlsafe_b64encode(json.dumps(payload()).encode())
        token = b".".join([header.rstrip(b"="), body.rstrip(b"="), b""]).decode()
        assert reason_of(token) == "algorithm"


@pytest.mark.parametrize("form", ["raw", "pem"])
def test_the_public_key_is_no_hmac_secret(form: str) -> None:
    public = KEY.public_key()
    secret = (
        public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        if form == "raw"
        else public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    # By hand: the library itself refuses to sign with a public key.
    head = {"alg": "HS256", "typ": "JWT", "kid": key_id(public)}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, payload())]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    token = b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
    assert reason_of(token) == "algorithm"


def test_another_key_under_a_known_id_is_refused() -> None:
    other = Ed25519PrivateKey.generate()
    token = jwt.encode(payload(), other, algorithm="EdDSA", headers={"kid": key_id(KEY.public_key())})
    assert reason_of(token) == "signature"


def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    other = Ed25519PrivateKey.generate()
    own = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, "jku": "http://127.0.0.1:1/keys"}
    token = jwt.encode(payload(), other, algorithm="EdDSA", headers={"kid": "theirs", **own})
    assert reason_of(token) == "key"


def test_a_changed_claim_breaks_the_signature() -> None:
    head, body, signature = sign_session(claims(role=Role.VIEWER), KEY).split(".")
    changed = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed["role"] = "admin"
    body = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    assert reason_of(f"{head}.{body}.{signature}") == "signature"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"aud": "elsewhere"}, "audience"),
        ({"iss": "somebody"}, "issuer"),
        ({"iat": int(time.time()) + 3600}, "claims"),
        ({"nbf": int(time.time()) + 3600}, "claims"),
        ({"role": "root"}, "claims"),
        ({"jti": "short"}, "claims"),
    ],
)
def test_claims_that_do_not_hold(changes: dict[str, object], reason: str) -> None:
    assert reason_of(signed(payload(**changes))) == reason


@pytest.mark.parametrize("missing", ["exp", "aud", "iss", "sub", "jti", "auth_time", "role", "iat"])
def test_a_claim_that_is_missing(missing: str) -> None:
    body = {key: value for key, value in payload().items() if key != missing}
    assert reason_of(signed(body)) in {"claims", "audience"}


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "é.é.é", "x" * 5000])
def test_what_is_no_token(text: str) -> None:
    assert reason_of(text) == "malformed"
