"""Who speaks to the bot."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Message

from hackai_shared.messages import Actor
from hackai_shared.security.roles import Role


@dataclass(frozen=True)
class Caller:
    """Somebody who may speak to the bot, with what for."""

    chat_id: int
    role: Role
    actor: Actor


def identity_of(event: Message | CallbackQuery) -> int | None:
    """Return the id whose rights count; None: an event without a sender.

    In a group the group's rights count, whoever of its members speaks. In a private chat the person's: a button under
    a message can be pressed by nobody else, so a sender that does not fit the chat is refused by its own id.
    """
    message = event if isinstance(event, Message) else event.message
    chat = message.chat if message is not None else None
    if chat is not None and chat.type != ChatType.PRIVATE:
        return chat.id
    if event.from_user is not None:
        return event.from_user.id
    return chat.id if chat is not None else None


def actor_of(event: Message | CallbackQuery, proof: str) -> Actor:
    """Return the sender as the audit trail names it."""
    user = event.from_user
    if user is None:
        return Actor(channel="telegram", id=str(identity_of(event)), proof=proof)
    return Actor(channel="telegram", id=str(user.id), name=user.full_name[:80], proof=proof)
