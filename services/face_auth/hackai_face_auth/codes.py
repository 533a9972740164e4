"""One-time codes: they enroll the first administrator, or let in whom an administrator invites."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from hackai_face_auth.errors import CodeInvalid
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database
from hackai_shared.security import Role

# 12 characters of 32: 60 bits. Without 0/O and 1/I, for people who type them.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP_CHARS = 3, 4


def new_code() -> str:
    """Return a code such as ``K7QM-2XHD-9FTR``."""
    groups = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS)]
    return "-".join(groups)


class CodeBook:
    """Keeps digests of codes, never codes."""

    def __init__(self, database: Database, cipher: GalleryCipher) -> None:
        self._database = database
        self._cipher = cipher

    def issue(self, role: Role, *, expires_at: float | None, replace: bool = False) -> str:
        """Return a new code for one enrolment with a role; ``replace`` ends all codes that are still open."""
        code = new_code()
        digest = _digest(code)
        seal = self._cipher.seal(digest.hex(), role.value, repr(expires_at))
        with self._database.transaction() as connection:
            if replace:
                connection.execute("DELETE FROM codes")
            connection.execute("INSERT INTO codes VALUES (?, ?, ?, ?)", (digest, role.value, expires_at, seal))
        return code

    def check(self, code: str, now: float) -> Role:
        """Return the role that a code gives, without using it up.

        Raises:
            CodeInvalid: wrong, used or expired.
            GalleryTampered: somebody without the key changed the row.
        """
        digest = _digest(code)
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM codes WHERE digest = ?", (digest,)).fetchone()
        if row is None or not hmac.compare_digest(bytes(row["digest"]), digest):
            raise CodeInvalid("the code is wrong or was used")
        self._cipher.check_seal(row["seal"], digest.hex(), row["role"], repr(row["expires_at"]))
        if row["expires_at"] is not None and row["expires_at"] < now:
            raise CodeInvalid("the code has expired")
        return Role(row["role"])

    def use(self, code: str, now: float, *, enrolling: bool = True) -> Role:
        """Return the role that a code gives and end the code; of two at once only one succeeds.

        Raises:
            CodeInvalid, GalleryTampered: as for :meth:`check`; without ``enrolling`` also for the code of the first
                administrator, who is to be enrolled with it.
        """
        with self._database.transaction() as connection:
            role = self.check(code, now)
            row = connection.execute("SELECT expires_at FROM codes WHERE digest = ?", (_digest(code),)).fetchone()
            if not enrolling and row["expires_at"] is None:
                raise CodeInvalid("this code enrolls the first administrator: send it with a photo")
            connection.execute("DELETE FROM codes WHERE digest = ?", (_digest(code),))
        return role


def _digest(code: str) -> bytes:
    return hashlib.sha256(b"hackai code: " + code.strip().upper().encode("utf-8", "replace")).digest()
