"""Sessions: issued after a login, ended by time or by revocation."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hackai_face_auth.gallery.database import Database
from hackai_face_auth.gallery.records import Person
from hackai_shared.security import SessionClaims, sign_session


@dataclass(frozen=True)
class Session:
    """A session that was issued; times are seconds since the epoch."""

    jti: str
    person_id: str
    client: str
    issued_at: float
    expires_at: float


class SessionBook:
    """Signs tokens and remembers whose they are."""

    def __init__(self, database: Database, key: Ed25519PrivateKey, *, minutes: float, now: Callable[[], float]) -> None:
        self._database = database
        self._key = key
        self._seconds = minutes * 60.0
        self._now = now

    def issue(self, person: Person, client: str, *, live: bool) -> tuple[str, SessionClaims]:
        """Return the token of a new session and what it says."""
        now = self._now()
        claims = SessionClaims(
            sub=person.person_id,
            name=person.name,
            role=person.role,
            jti=secrets.token_hex(16),
            iat=int(now),
            exp=int(now + self._seconds),
            auth_time=int(now),
            live=live,
            client=client,
        )
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE expires_at < ?", (now - 60.0,))
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
                (claims.jti, person.person_id, client, now, float(claims.exp)),
            )
        return sign_session(claims, self._key), claims

    def active(self, person_id: str | None = None) -> list[Session]:
        """Return the sessions that hold now, of one person or of all, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM sessions WHERE expires_at > ?1"
                " AND (?2 IS NULL OR person_id = ?2) ORDER BY issued_at DESC",
                (self._now(), person_id),
            ).fetchall()
        return [Session(**dict(row)) for row in rows]

    def revoke(
        self, *, jti: str | None = None, person_id: str | None = None, client: str | None = None
    ) -> list[Session]:
        """End one session, or all of a person or of a chat or browser; return those that held until now."""
        with self._database.transaction() as connection:
            ended = [
                session
                for session in self.active()
                if jti == session.jti or person_id == session.person_id or client == session.client
            ]
            for session in ended:
                connection.execute("DELETE FROM sessions WHERE jti = ?", (session.jti,))
                connection.execute("INSERT OR IGNORE INTO revoked VALUES (?, ?)", (session.jti, session.expires_at))
        return ended

    def revoked(self) -> dict[str, float]:
        """Return the revoked sessions whose tokens have not expired by themselves: id -> expiry."""
        with self._database.transaction() as connection:
            # A minute longer than the tokens: clocks of two machines differ.
            connection.execute("DELETE FROM revoked WHERE expires_at < ?", (self._now() - 60.0,))
            return {row["jti"]: row["expires_at"] for row in connection.execute("SELECT * FROM revoked")}
