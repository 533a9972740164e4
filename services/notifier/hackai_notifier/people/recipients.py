"""Who is told, by which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hackai_notifier.people.access import ChatAccess
from hackai_shared.config.chat_address import ChatAddress
from hackai_shared.config.notifications import NotifierConfig


@dataclass(frozen=True, order=True)
class Recipient:
    """One address on one channel, e.g. ``("telegram", "12345")``."""

    channel: str
    address: str


@dataclass(frozen=True)
class Audience:
    """A recipient of an incident and what it may see."""

    recipient: Recipient
    pictures: bool = True


class Directory(Protocol):
    """Answers whom to tell now; asked anew for every incident, because sessions come and go."""

    def audiences(self) -> list[Audience]:
        """Return everybody who is told about an incident."""

    def administrators(self) -> list[Recipient]:
        """Return everybody who is told about trouble."""

    def caretakers(self) -> list[Recipient]:
        """Return those who look after the installation; never nobody where anybody is told of a fire."""

    def addressed(self, chats: Sequence[int], webhooks: Sequence[str]) -> list[Audience]:
        """Return chats and webhooks that are told beyond those of :meth:`audiences`, with what they may see."""

    def audience_of(self, recipient: Recipient) -> Audience:
        """Return what somebody who was told before may see now."""


class ConfiguredDirectory:
    """The channels of ``config.yml`` and the chats that :class:`ChatAccess` lets receive."""

    def __init__(self, config: NotifierConfig, access: ChatAccess, *, telegram: bool) -> None:
        self._config = config
        self._access = access
        self._telegram = telegram

    def audiences(self) -> list[Audience]:
        """Return chats, console and webhooks, in this order."""
        chats = self._access.receivers() if self._telegram else []
        audiences = [Audience(Recipient("telegram", str(chat.chat_id)), chat.pictures) for chat in chats]
        audiences += [Audience(recipient) for recipient in self._console()]
        later = {name for step in self._config.escalation.steps for name in step.webhooks}
        audiences += [
            Audience(Recipient("webhook", hook.name)) for hook in self._config.webhooks if hook.name not in later
        ]
        return audiences

    def addressed(self, chats: Sequence[int], webhooks: Sequence[str]) -> list[Audience]:
        """Return the chats (where Telegram is used) and the webhooks."""
        receivers = [self._access.receiver(chat_id) for chat_id in chats] if self._telegram else []
        audiences = [Audience(Recipient("telegram", str(chat.chat_id)), chat.pictures) for chat in receivers]
        return audiences + [Audience(Recipient("webhook", name)) for name in webhooks]

    def audience_of(self, recipient: Recipient) -> Audience:
        """Return the recipient; a chat sees pictures where it may."""
        if recipient.channel != "telegram":
            return Audience(recipient)
        return Audience(recipient, self._access.receiver(ChatAddress.parse(recipient.address)).pictures)

    def administrators(self) -> list[Recipient]:
        """Return the chats of administrators and the console."""
        chats = self._access.administrators() if self._telegram else []
        return [Recipient("telegram", str(chat_id)) for chat_id in chats] + self._console()

    def caretakers(self) -> list[Recipient]:
        """Return the administrators; without any the chats that are told of a fire, without those the webhooks."""
        administrators = self.administrators()
        if any(recipient.channel == "telegram" for recipient in administrators):
            return administrators
        told = [audience.recipient for audience in self.audiences()]
        chats = [recipient for recipient in told if recipient.channel == "telegram"]
        return (chats or [recipient for recipient in told if recipient.channel == "webhook"]) + self._console()

    def _console(self) -> list[Recipient]:
        return [Recipient("console", "console")] if self._config.console.enabled else []
