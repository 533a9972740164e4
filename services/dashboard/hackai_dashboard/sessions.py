"""Who is logged in, in this process's memory: the browser holds a random number and nothing else."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from hackai_shared.security import Principal, Role

# A number that leaked through a log or a shoulder is worth this long at most.
ROTATE_S = 600.0
# Requests that were on their way with the old number while the new one travelled.
OVERLAP_S = 60.0
MAX_SESSIONS = 1_000


@dataclass(frozen=True)
class Visitor:
    """A person who proved who they are; ``token`` is their own session token, where a face made one.

    Times are seconds since the epoch.
    """

    subject: str
    name: str
    role: Role
    jti: str
    expires_at: float
    authenticated_at: float
    token: SecretStr | None = None
    own_session: bool = False
    """Whether the token was made for this browser; the one of a chat outlives the browser that it vouched for."""

    def principal(self) -> Principal:
        """Return the person as the gate knows people."""
        return Principal(
            "person", self.subject, self.name, self.role, self.jti, self.authenticated_at, expires_at=self.expires_at
        )


@dataclass
class WebSession:
    """One browser of one visitor."""

    visitor: Visitor
    rotated_at: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    flash: str = ""
    """Said once, on the next page."""
    closed: bool = False

    def say(self, message: str) -> None:
        """Leave a message for the next page."""
        self.flash = message[:300]

    def said(self) -> str:
        """Return the message that was left, once."""
        message, self.flash = self.flash, ""
        return message


class SessionBook:
    """Sessions by the hash of their number: what is in memory opens no door.

    A restart logs everybody out, which costs one login and keeps tokens off the disk.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._sessions: OrderedDict[bytes, WebSession] = OrderedDict()
        self._retired: OrderedDict[bytes, tuple[WebSession, float]] = OrderedDict()

    def open(self, visitor: Visitor) -> tuple[str, WebSession]:
        """Return the number for the cookie, and the session."""
        session = WebSession(visitor, self._now())
        return self._keep(session), session

    def find(self, number: str) -> WebSession | None:
        """Return the session of a number; None: there is none that holds."""
        key = _key(number)
        session = self._sessions.get(key)
        if session is None:
            session, until = self._retired.get(key, (None, 0.0))
            if session is None or until <= self._now():
                return None
        return session if self.holds(session) else None

    def holds(self, session: WebSession) -> bool:
        """Return whether a session is neither closed nor over."""
        return not session.closed and session.visitor.expires_at > self._now()

    def renew(self, number: str) -> str | None:
        """Return the next number where the present one has been in use for long; None: go on with it."""
        key = _key(number)
        session = self._sessions.get(key)
        if session is None or self._now() - session.rotated_at < ROTATE_S:
            return None
        del self._sessions[key]
        self._retired[key] = (session, self._now() + OVERLAP_S)
        session.rotated_at = self._now()
        return self._keep(session)

    def close(self, session: WebSession) -> None:
        """End a session, whatever numbers it had."""
        session.closed = True
        self._forget()

    def _keep(self, session: WebSession) -> str:
        number = secrets.token_urlsafe(32)
        self._sessions[_key(number)] = session
        self._forget()
        return number

    def _forget(self) -> None:
        now = self._now()
        for key in [key for key, session in self._sessions.items() if not self.holds(session)]:
            del self._sessions[key]
        for key in [key for key, (_, until) in self._retired.items() if until <= now]:
            del self._retired[key]
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)


def _key(number: str) -> bytes:
    return hashlib.sha256(number.encode()).digest()
