"""Who gave an order: what proves it, and the forgeries that do not."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hackai_notifier.inbound.order_proof import OrderProof, OrderRefused, kept_key
from hackai_shared.messages import Actor, Command, utc_now
from hackai_shared.security import Gate, KeySet, Role, ServiceToken, SessionClaims, key_id, sign_session
from hackai_shared.security.tokens import ISSUER

KEY = Ed25519PrivateKey.generate()
FORGED = Actor(channel="telegram", id="1", name="Mallory", proof="session:" + "0" * 32)
REVOKED = "b" * 32
GATE = Gate("notifier", keys=KeySet.of(KEY.public_key()), service_token=ServiceToken(None), revoked={REVOKED})


def token(*, key: Ed25519PrivateKey = KEY, audience: str | None = None, **changes: Any) -> str:
    now = int(time.time())
    facts: dict[str, Any] = {
        "sub": "ada", "name": "Ada Lovelace", "role": Role.OPERATOR, "jti": "a" * 32, "iat": now, "exp": now + 600,
        "auth_time": now, "live": True,
    }  # fmt: skip
    claims = SessionClaims.model_validate({**facts, **changes})
    if audience is None:
        return sign_session(claims, key)
    body = {**claims.model_dump(mode="json"), "iss": ISSUER, "aud": audience}
    return jwt.encode(body, key, algorithm="EdDSA", headers={"kid": key_id(key.public_key())})


def disarm(**changes: Any) -> Command:
    return Command.model_validate({"action": "disarm", "actor": FORGED, "duration_s": 3600.0, **changes})


def proof() -> OrderProof:
    return OrderProof(b"k" * 32, GATE.claims_of)


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (disarm, "no signed token"),
        (lambda: disarm(authorization="session:" + "0" * 32), "not a token"),
        (lambda: disarm(authorization="notifier:" + "0" * 64), "signature does not hold"),
        (lambda: disarm(authorization=token(key=Ed25519PrivateKey.generate())), "unknown key"),
        (lambda: disarm(authorization=token(audience="somebody-else")), "for somebody else"),
        (lambda: disarm(authorization=token(jti=REVOKED)), "ended"),
        (lambda: disarm(authorization=token(role=Role.VIEWER)), "operator is needed"),
        (lambda: disarm(authorization=token(auth_time=int(time.time()) - 1000)), "live face"),
        (lambda: disarm(authorization=token(live=False)), "live face"),
        (lambda: disarm(authorization=token(exp=int(time.time()) - 60)), "session has ended"),
        (lambda: disarm(authorization=token(), at=utc_now() - timedelta(hours=1)), "not of now"),
        (lambda: disarm(authorization=token(), at=utc_now() + timedelta(hours=1)), "not of now"),
    ],
)
async def test_an_order_that_nobody_proved_is_refused(forge: Callable[[], Command], reason: str) -> None:
    with pytest.raises(OrderRefused, match=reason):
        await proof().verify(forge())


async def test_the_giver_is_whom_the_token_names_and_the_token_goes_no_further() -> None:
    given = token()
    proven = await proof().verify(disarm(authorization=given))
    assert (proven.actor.id, proven.actor.name, proven.actor.proof) == ("ada", "Ada Lovelace", "session:" + "a" * 32)
    assert given not in proven.model_dump_json()
    assert await proof().verify(proven) == proven


async def test_our_signature_covers_every_field_of_the_order() -> None:
    signed = proof().sign(disarm(action="acknowledge", incident_id="1"))
    assert await proof().verify(signed) == signed
    for change in ({"action": "disarm"}, {"command_id": "another"}, {"duration_s": 9.0}, {"actor": FORGED.model_copy(
        update={"name": "Ada"}
    )}):  # fmt: skip
        with pytest.raises(OrderRefused, match="signature does not hold"):
            await proof().verify(signed.model_copy(update=change))


def test_the_key_outlives_a_restart_and_is_for_this_user_alone(tmp_path: Path) -> None:
    key = kept_key(tmp_path)
    assert kept_key(tmp_path) == key
    assert (tmp_path / "orders.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "orders.key").write_bytes(b"cut")
    assert len(kept_key(tmp_path)) == 32
