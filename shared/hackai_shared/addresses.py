"""URLs that people wrote: taken apart without ever quoting a part of their passwords."""

from __future__ import annotations

from typing import NamedTuple, Optional
from urllib.parse import quote, urlsplit

# RFC 3986, section 3.2.1: what may stand in the user name and the password as it is, but for the colon between them.
_AS_IT_IS = "-._~!$&'()*+,;="
_HEX = frozenset("0123456789abcdefABCDEF")
HINT = "percent-encode the special characters of its user name and password: / as %2F, @ as %40, # as %23, ? as %3F"


class AddressError(ValueError):
    """A URL cannot be read; the message says how to write it and quotes nothing of it."""


class Address(NamedTuple):
    """Where a URL points to."""

    scheme: str
    host: str
    port: Optional[int]


def read_address(url: str) -> Address:
    """Return scheme, host and port of a URL.

    Raises:
        AddressError: it has none, or its password makes it ambiguous.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        # "from None": the messages of urllib quote what they stumbled over, and that is a part of the password.
        raise AddressError(f"the address cannot be read: its port has to be a number up to 65535; {HINT}") from None
    if "@" not in parts.netloc and ":" in parts.netloc and "@" in url:
        raise AddressError(f"the address has an @ behind its host; {HINT}")
    if not parts.scheme or not host:
        raise AddressError("the address has no host; write protocol://host:port/path")
    return Address(parts.scheme.lower(), host, port)


def encoded_credential(text: str) -> str:
    """Return a user name or a password as it has to stand in a URL; what is percent-encoded already stays."""
    encoded = []
    for index, character in enumerate(text):
        is_escape = character == "%" and len(text) >= index + 3 and set(text[index + 1 : index + 3]) <= _HEX
        encoded.append(character if is_escape else quote(character, safe=_AS_IT_IS))
    return "".join(encoded)


def in_credentials(url: str, at: int) -> bool:
    """Return whether position ``at`` of a URL lies between ``://`` and the last ``@``."""
    begin = url.find("://")
    return begin >= 0 and begin + 3 <= at < url.rfind("@")
