"""Public keys of session tokens: a JWKS (RFC 7517) with Ed25519 keys (RFC 8037), from a file or the face service."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hackai_shared.security.errors import KeysUnavailable

JWKS_PATH = "/.well-known/jwks.json"
MAX_JWKS_BYTES = 65_536
# A token with a made-up key id must not make every service ask the face service again and again.
REFRESH_PAUSE_S = 10.0

Keys = Mapping[str, Ed25519PublicKey]
Reader = Callable[[], bytes]


def key_id(key: Ed25519PublicKey) -> str:
    """Return the thumbprint of a key (RFC 7638): the same key has the same id everywhere."""
    canonical = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": _x(key)}, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def to_jwk(key: Ed25519PublicKey) -> Dict[str, str]:
    """Return a public key as a JSON Web Key."""
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key_id(key), "x": _x(key)}


def parse_jwks(data: bytes) -> Keys:
    """Return the Ed25519 keys of a JWKS document by key id; keys of other kinds are passed over.

    Raises:
        KeysUnavailable: not a JWKS, or without any key that can be used.
    """
    try:
        entries = json.loads(data)["keys"]
        keys = {str(entry["kid"]): _from_jwk(entry) for entry in entries if _is_ed25519(entry)}
    except (ValueError, KeyError, TypeError) as error:
        raise KeysUnavailable(f"not a key set: {error}") from error
    if not keys:
        raise KeysUnavailable("the key set holds no Ed25519 signature key")
    return keys


def file_reader(path: Path) -> Reader:
    """Return a reader of a JWKS file, for machines where the face service shares its folder."""

    def read() -> bytes:
        try:
            return path.read_bytes()[: MAX_JWKS_BYTES + 1]
        except OSError as error:
            raise KeysUnavailable(f"cannot read {path}: {error.strerror}") from error

    return read


def http_reader(base_url: str, *, timeout_s: float = 3.0) -> Reader:
    """Return a reader of the JWKS of the face service at ``base_url`` (``http://host:port``)."""
    url = base_url.rstrip("/") + JWKS_PATH
    if not url.startswith(("http://", "https://")):
        raise KeysUnavailable(f"not an http(s) address: {base_url}")

    def read() -> bytes:
        try:
            with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310 - the scheme is checked above
                return bytes(answer.read(MAX_JWKS_BYTES + 1))
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise KeysUnavailable(f"cannot read {url}: {error}") from error

    return read


class KeySet:
    """The keys as last read; verification itself asks nobody.

    ``refresh`` reads again, at most once per ``pause_s``: after the face service made a new key, the first token of
    that key makes its id known.
    """

    def __init__(
        self, read: Reader, *, pause_s: float = REFRESH_PAUSE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._pause_s = pause_s
        self._clock = clock
        self._keys: Keys = {}
        self._read_at: Optional[float] = None
        self._lock = threading.Lock()

    @classmethod
    def of(cls, *keys: Ed25519PublicKey) -> "KeySet":
        """Return a set of known keys (the face service itself)."""
        document = json.dumps({"keys": [to_jwk(key) for key in keys]}).encode()
        key_set = cls(lambda: document)
        key_set.refresh()
        return key_set

    def get(self, kid: str) -> Optional[Ed25519PublicKey]:
        """Return the key of that id as far as known."""
        return self._keys.get(kid)

    def refresh(self) -> bool:
        """Read the keys again unless that was done just now; return whether they were read. Blocks: file or network.

        Raises:
            KeysUnavailable: they could not be read; those known before stay in use.
        """
        with self._lock:
            now = self._clock()
            if self._read_at is not None and now - self._read_at < self._pause_s:
                return False
            self._read_at = now
            self._keys = parse_jwks(self._read())
            return True


def _is_ed25519(entry: Any) -> bool:
    return bool(entry["kty"] == "OKP" and entry.get("crv") == "Ed25519" and entry.get("use", "sig") == "sig")


def _from_jwk(entry: Mapping[str, str]) -> Ed25519PublicKey:
    text = entry["x"]
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _x(key: Ed25519PublicKey) -> str:
    return _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
