"""The shared secret by which the services of one installation know each other."""

from __future__ import annotations

import hmac
import secrets
from typing import Optional

from pydantic import SecretStr

from hackai_shared.security.errors import SecretInvalid

MIN_CHARS = 32


def new_service_token() -> str:
    """Return a fresh secret of 256 bits."""
    return secrets.token_urlsafe(32)


class ServiceToken:
    """Compares in constant time; never shows itself.

    Without a secret nothing matches: services are then refused like everybody else.
    """

    def __init__(self, secret: Optional[SecretStr]) -> None:
        text = secret.get_secret_value() if secret is not None else ""
        if secret is not None and len(text) < MIN_CHARS:
            raise SecretInvalid(f"the service token has {len(text)} characters, at least {MIN_CHARS} are needed")
        self._secret = text.encode()

    def __bool__(self) -> bool:
        return bool(self._secret)

    def matches(self, given: str) -> bool:
        """Return whether ``given`` is the secret."""
        return bool(self._secret) and hmac.compare_digest(self._secret, given.encode("utf-8", "replace"))
