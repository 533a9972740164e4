"""Chats that people logged in from: bound for the time of the session, remembered for the text of an alarm."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Container

from pydantic import BaseModel, ConfigDict

from hackai_notifier.people.access import ConfiguredAccess, Receiver, each_once
from hackai_notifier.storage.database import Database
from hackai_shared.security.enrolled import EnrolledPeople
from hackai_shared.security.roles import Role

# Commands that change what happens in a fire need a face that was seen lately, not only a session.
FRESH_FACE_S = 300.0


class ChatSession(BaseModel):
    """Whose chat it is; times are seconds since the epoch."""

    model_config = ConfigDict(frozen=True)

    chat_id: int
    person_id: str
    name: str
    role: Role
    jti: str
    token: str
    authenticated_at: float
    expires_at: float
    ended: bool = False


class FaceAccess:
    """Implements :class:`hackai_notifier.people.access.ChatAccess` by sessions.

    A chat that is logged in receives everything and commands by its person's role. One that the configuration lists
    sees pictures and may acknowledge, mark false and snooze what is known, without a face: at three in the morning
    nobody has to prove who they are before they can answer. Disarming, people, models and cameras need the face. A chat
    whose session ended and that is not listed still gets the *text* of every alarm: never silence.
    """

    def __init__(
        self, configured: ConfiguredAccess, revoked: Container[str], *, now: Callable[[], float] = time.time
    ) -> None:
        self._configured = configured
        self._revoked = revoked
        self._now = now
        self._sessions: dict[int, ChatSession] = {}

    async def restore(self, database: Database) -> None:
        """Read the sessions of before the restart."""
        for session in await database.run(load_all):
            self._sessions[session.chat_id] = session

    def bind(self, session: ChatSession) -> None:
        """Let a chat be a person's from now on."""
        self._sessions[session.chat_id] = session

    def departed(self, enrolled: EnrolledPeople) -> list[ChatSession]:
        """Return the sessions of people who are no longer enrolled; a login that is newer than the list stays."""
        return [
            session
            for session in self._sessions.values()
            if session.person_id not in enrolled.people and session.authenticated_at + 1 < enrolled.at
        ]

    def forget(self, chat_id: int) -> None:
        """Let a chat be nobody's: it gets nothing any more, unless the configuration lists it."""
        self._sessions.pop(chat_id, None)

    def listed(self, chat_id: int) -> bool:
        """Return whether the configuration names a chat."""
        return self._configured.role(chat_id) is not None

    def session(self, chat_id: int) -> ChatSession | None:
        """Return the session of a chat that holds now."""
        session = self._sessions.get(chat_id)
        if session is None or session.ended or session.expires_at <= self._now() or session.jti in self._revoked:
            return None
        return session

    def fresh_face(self, chat_id: int) -> bool:
        """Return whether the chat's person was seen within the last five minutes."""
        session = self.session(chat_id)
        # A clock that was set back must not make an old face fresh.
        return session is not None and 0 <= self._now() - session.authenticated_at + 5 <= FRESH_FACE_S + 5

    def receivers(self) -> list[Receiver]:
        """Return chats that are listed or logged in with pictures, all others that ever were with the text."""
        chats = [receiver.chat_id for receiver in self._configured.receivers()] + list(self._sessions)
        return [Receiver(chat, pictures=self.role(chat) is not None) for chat in each_once(chats)]

    def receiver(self, chat_id: int) -> Receiver:
        """Return the chat, with pictures where it is listed or logged in."""
        current = self._configured.receiver(chat_id).chat_id
        return Receiver(current, pictures=self.role(current) is not None)

    def administrators(self) -> list[int]:
        """Return the configured administrators, and those who are logged in."""
        logged_in = [chat for chat in self._sessions if self.role(chat) is Role.ADMIN]
        return each_once([*self._configured.administrators(), *logged_in])

    def role(self, chat_id: int) -> Role | None:
        """Return the role of the session that holds; a listed chat is an operator's at least, an administrator's never.

        What needs a face asks for the :meth:`session` itself.
        """
        session = self.session(chat_id)
        listed = Role.OPERATOR if self._configured.role(chat_id) is not None else None
        if session is None or (listed is not None and listed.covers(session.role)):
            return listed
        return session.role

    def proof(self, chat_id: int) -> str:
        """Return ``session:<jti>``, or ``configuration`` for a listed chat."""
        session = self.session(chat_id)
        return self._configured.proof(chat_id) if session is None else f"session:{session.jti}"

    def expired(self, chat_id: int) -> bool:
        """Return whether somebody was logged in here, and is no longer."""
        return chat_id in self._sessions and self.session(chat_id) is None

    def moved(self, old: int, new: int) -> None:
        """Move the rights of a configured group; sessions are bound to private chats, which do not move."""
        self._configured.moved(old, new)


def save(connection: sqlite3.Connection, session: ChatSession) -> None:
    """Store the session of a chat in the place of the one before."""
    connection.execute(
        "INSERT OR REPLACE INTO chat_sessions VALUES (?, ?)", (session.chat_id, session.model_dump_json())
    )


def remove(connection: sqlite3.Connection, chat_id: int) -> None:
    """Delete what is stored of a chat's person."""
    connection.execute("DELETE FROM chat_sessions WHERE chat_id = ?", (chat_id,))


def load_all(connection: sqlite3.Connection) -> list[ChatSession]:
    """Return the stored sessions."""
    rows = connection.execute("SELECT document FROM chat_sessions").fetchall()
    return [ChatSession.model_validate_json(row["document"]) for row in rows]
