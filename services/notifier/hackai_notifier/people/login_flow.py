"""Logging in and out: what the bot's handlers of faces work with. No Telegram in here."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hackai_notifier.clients.face_client import ChallengeAnswer, FaceClient, FaceRefused, LoginAnswer
from hackai_notifier.people import chat_sessions
from hackai_notifier.people.chat_sessions import ChatSession, FaceAccess
from hackai_notifier.storage.database import Database
from hackai_shared.security.enrolled import EnrolledPeople
from hackai_shared.security.roles import Role

# Somebody who asked to log in may take so long to send the video; a challenge has its own, shorter time.
PENDING_S = 120.0
MAX_PENDING = 1_000


@dataclass(frozen=True)
class Pending:
    """A login that a chat began."""

    challenge: ChallengeAnswer
    until: float


class LoginFlow:
    """Remembers who began to log in, and binds chats to people."""

    def __init__(
        self,
        faces: FaceClient,
        access: FaceAccess,
        database: Database,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.faces = faces
        self.access = access
        self._database = database
        self._clock = clock
        self._pending: OrderedDict[int, Pending] = OrderedDict()

    async def begin(self, chat_id: int) -> ChallengeAnswer:
        """Begin a login; return the challenge.

        Raises:
            FaceRefused, FaceServiceUnavailable: see there.
        """
        challenge = await self.faces.challenge(client_of(chat_id))
        self._pending.pop(chat_id, None)
        self._pending[chat_id] = Pending(challenge, self._clock() + PENDING_S)
        if len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)
        return challenge

    def is_pending(self, chat_id: int) -> bool:
        """Return whether a chat began to log in lately."""
        pending = self._pending.get(chat_id)
        return pending is not None and self._clock() < pending.until

    async def finish(self, chat_id: int, film: bytes) -> ChatSession:
        """Log a chat in with the video that answers its challenge.

        Raises:
            FaceRefused, FaceServiceUnavailable: see there. The attempt is over either way.
        """
        pending = self._pending.pop(chat_id, None)
        if pending is None:
            raise FaceRefused("challenge-unknown", "ask for a challenge first")
        answer = await self.faces.login(client_of(chat_id), film, pending.challenge.challenge_id)
        session = _session(chat_id, answer)
        await self._keep(session)
        return session

    async def end(self, session: ChatSession) -> None:
        """Log a chat out; it keeps getting the text of alarms.

        Raises:
            FaceRefused, FaceServiceUnavailable: the face service does not know of it; the chat is logged out anyway.
        """
        await self._keep(session.model_copy(update={"ended": True, "token": ""}))
        await self.faces.logout(session.jti)

    async def forget_departed(self, enrolled: EnrolledPeople) -> list[int]:
        """Forget the chats of people who are no longer enrolled; return them."""
        gone = self.access.departed(enrolled)
        for session in gone:
            self.access.forget(session.chat_id)
            await self._database.run(partial(chat_sessions.remove, chat_id=session.chat_id))
        return [session.chat_id for session in gone]

    async def _keep(self, session: ChatSession) -> None:
        self.access.bind(session)
        await self._database.run(lambda connection: chat_sessions.save(connection, session))


def client_of(chat_id: int) -> str:
    """Return how the face service calls a chat."""
    return f"telegram:{chat_id}"


def _session(chat_id: int, answer: LoginAnswer) -> ChatSession:
    return ChatSession(
        chat_id=chat_id,
        person_id=answer.person_id,
        name=answer.name,
        role=Role(answer.role),
        jti=answer.jti,
        token=answer.token,
        authenticated_at=answer.auth_time,
        expires_at=answer.expires_at,
    )
