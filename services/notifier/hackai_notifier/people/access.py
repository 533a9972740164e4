"""Which chat may receive and which may command: the one place that decides it.

Today the chats are named in the configuration; sessions proven by a face will implement the same protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hackai_shared.config.chat_address import ChatAddress
from hackai_shared.security.roles import Role


@dataclass(frozen=True)
class Receiver:
    """A chat that receives alarms, a :class:`ChatAddress` in a forum; without ``pictures`` it gets the text alone."""

    chat_id: int
    pictures: bool = True


class ChatAccess(Protocol):
    """Decides about chats."""

    def receivers(self) -> list[Receiver]:
        """Return the chats that receive alarms now."""

    def receiver(self, chat_id: int) -> Receiver:
        """Return what a chat may see that is told for another reason, by a step of the escalation."""

    def administrators(self) -> list[int]:
        """Return the chats that are told about trouble."""

    def role(self, chat_id: int) -> Role | None:
        """Return what a chat may do; None: nothing."""

    def proof(self, chat_id: int) -> str:
        """Return how we know it, for the audit trail."""

    def moved(self, old: int, new: int) -> None:
        """Note that a group became a supergroup with another id; its rights move along."""


class ConfiguredAccess:
    """Chats by id from the configuration: those in ``chats`` are operators, those in ``admins`` administrators.

    ``further`` are the chats of the escalation: told later, but operators, because they have to acknowledge.
    """

    def __init__(self, chats: Sequence[int], admins: Sequence[int], further: Sequence[int] = ()) -> None:
        self._chats = each_once(chats)
        self._further = each_once(further)
        self._admins = each_once(admins)
        self._moved: dict[int, int] = {}

    def receivers(self) -> list[Receiver]:
        """Return the configured chats."""
        return [Receiver(chat_id) for chat_id in self._current(self._chats)]

    def receiver(self, chat_id: int) -> Receiver:
        """Return the chat, with pictures."""
        return Receiver(self._now(chat_id))

    def administrators(self) -> list[int]:
        """Return the configured administrators."""
        return self._current(self._admins)

    def role(self, chat_id: int) -> Role | None:
        """Return ADMIN, OPERATOR or None."""
        if chat_id in self.administrators():
            return Role.ADMIN
        return Role.OPERATOR if chat_id in self._current([*self._chats, *self._further]) else None

    def proof(self, chat_id: int) -> str:
        """Return ``configuration``."""
        return "configuration" if self.role(chat_id) else ""

    def moved(self, old: int, new: int) -> None:
        """Let the new id stand for the old one."""
        self._moved[old] = new

    def _current(self, chats: Sequence[int]) -> list[int]:
        return each_once(self._now(chat_id) for chat_id in chats)

    def _now(self, chat_id: int) -> int:
        """Return the chat under its present id, in the topic in which it is addressed."""
        present = chat_id
        for _ in self._moved:  # a group may move once more
            present = self._moved.get(present, present)
        return chat_id.moved_to(present) if isinstance(chat_id, ChatAddress) else present


def each_once(chats: Iterable[int]) -> list[int]:
    """Return chats without repetition; two topics of one forum are two addresses."""
    return list({str(chat): chat for chat in chats}.values())
