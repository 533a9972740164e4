"""One-time codes: somebody who is known elsewhere (a chat that is logged in) vouches for a browser."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from hackai_dashboard.sessions import Visitor

# Nothing that is mistaken for something else when it is read out loud; 30^8 codes.
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
LENGTH = 8
LIFE_S = 120.0
MAX_CODES = 100


class CodeBook:
    """Codes that were issued and not used; each opens one session, once."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: OrderedDict[bytes, tuple[Visitor, float]] = OrderedDict()

    def issue(self, visitor: Visitor) -> str:
        """Return a code (``XXXX-XXXX``) for a visitor; the one before of the same visitor ends."""
        for key in [key for key, (owner, _) in self._codes.items() if owner.subject == visitor.subject]:
            del self._codes[key]
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self._codes[_key(code)] = (visitor, self._clock() + LIFE_S)
        while len(self._codes) > MAX_CODES:
            self._codes.popitem(last=False)
        return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"

    def redeem(self, typed: str) -> Visitor | None:
        """Return whom a code is for; None: wrong, used or too old."""
        letters = "".join(letter for letter in typed.upper() if letter.isalnum())
        visitor, until = self._codes.pop(_key(letters), (None, 0.0))
        return visitor if until > self._clock() else None


def _key(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
