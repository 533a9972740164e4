"""Session tokens: EdDSA-signed JWTs, made by the face service and checked offline by everybody else."""

from __future__ import annotations

from typing import Any, Dict, Optional

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hackai_shared.security.errors import TokenInvalid
from hackai_shared.security.keys import KeySet, key_id
from hackai_shared.security.principal import Principal
from hackai_shared.security.roles import Role

ISSUER = "hackai-face-auth"
AUDIENCE = "hackai"
# One algorithm, fixed here and never read from the token: `none` and "the public key as an HMAC secret" cannot happen.
ALGORITHM = "EdDSA"
MAX_TOKEN_CHARS = 4096
# Clocks of two machines of one installation.
LEEWAY_S = 5.0
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti", "auth_time", "role"]


class SessionClaims(BaseModel):
    """What a session token says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sub: str = Field(min_length=1, max_length=64, description="id of the person")
    name: str = Field(max_length=64)
    role: Role
    jti: str = Field(min_length=16, max_length=64, description="id of the session")
    iat: int
    exp: int
    auth_time: int = Field(description="when the face was seen")
    live: bool = Field(False, description="whether an active challenge was passed")
    client: str = Field("", max_length=128, description="whom the session was made for, such as telegram:<chat>")

    def principal(self) -> Principal:
        """Return the person of the session."""
        return Principal(
            "person", self.sub, self.name, self.role, self.jti, float(self.auth_time), self.live, float(self.exp)
        )


def sign_session(claims: SessionClaims, key: Ed25519PrivateKey) -> str:
    """Return the token of a session."""
    payload: Dict[str, Any] = {**claims.model_dump(mode="json"), "iss": ISSUER, "aud": AUDIENCE}
    headers = {"kid": key_id(key.public_key()), "typ": "JWT"}
    return str(jwt.encode(payload, key, algorithm=ALGORITHM, headers=headers))


def unverified_key_id(token: str) -> str:
    """Return which key a token names, without believing anything else of it.

    Raises:
        TokenInvalid: not a token, another algorithm, or no key named.
    """
    if len(token) > MAX_TOKEN_CHARS:
        raise TokenInvalid("malformed", "the token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise TokenInvalid("malformed", "not a token") from error
    if header.get("alg") != ALGORITHM:
        raise TokenInvalid("algorithm", f"tokens are signed with {ALGORITHM}")
    kid: Optional[Any] = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenInvalid("key", "the token names no key")
    return kid


def verify_session(token: str, keys: KeySet) -> SessionClaims:
    """Return the claims of a token that holds; asks nobody. Whether it was revoked is another question.

    Raises:
        TokenInvalid: any doubt; ``reason`` says which.
    """
    key = keys.get(unverified_key_id(token))
    if key is None:
        raise TokenInvalid("key", "the token was signed with an unknown key")
    try:
        payload = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": _REQUIRED},
        )
        return SessionClaims.model_validate(payload)
    except jwt.ExpiredSignatureError as error:
        raise TokenInvalid("expired", "the session has ended; log in again") from error
    except jwt.InvalidAudienceError as error:
        raise TokenInvalid("audience", "the token is for somebody else") from error
    except jwt.InvalidIssuerError as error:
        raise TokenInvalid("issuer", "the token is from somebody else") from error
    except jwt.InvalidSignatureError as error:
        raise TokenInvalid("signature", "the signature does not hold") from error
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise TokenInvalid("claims", "the token lacks what a session needs") from error
