"""What can be wrong with a proof of identity."""

from __future__ import annotations


class SecurityError(Exception):
    """Base of the errors of this package."""


class TokenInvalid(SecurityError):
    """A session token that is not to be believed; ``reason`` is a short word for logs and metrics."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        super().__init__(detail)


class KeysUnavailable(SecurityError):
    """No public key to check session tokens with could be read."""


class SecretInvalid(SecurityError, ValueError):
    """A configured secret is too weak or malformed."""
