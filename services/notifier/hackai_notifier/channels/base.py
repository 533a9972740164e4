"""The protocol of a channel, what it is given, and the failures that it may report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hackai_notifier.incident.incidents import Incident
from hackai_notifier.incident.steps import StepName


@dataclass(frozen=True)
class Delivery:
    """One step for one address, ready to send.

    ``text`` is HTML with the tags ``b``, ``i`` and ``code`` alone; for pictures and clips it is the caption. ``media``
    is a JPEG or MP4. ``reply_to`` is the message id of the incident's text: an edit changes it, pictures answer it.
    """

    key: str
    step: StepName
    address: str
    incident: Incident
    text: str
    media: bytes | None = None
    silent: bool = False
    reply_to: str | None = None
    offers_arming: bool = False
    """Whether the message gets the button that ends a disarm."""


@dataclass(frozen=True)
class Receipt:
    """The channel's proof of delivery; ``detail`` is a path, a URL or the name of the chat."""

    message_id: str | None = None
    detail: str = ""


class Channel(Protocol):
    """Sends one step at a time and decides nothing: what a failure means is decided by ``retry``."""

    async def send(self, delivery: Delivery) -> Receipt:
        """Send a step.

        Raises:
            SendFailure: it was not, or perhaps not, delivered.
        """

    async def close(self) -> None:
        """Release connections."""


class SendFailure(Exception):
    """A step was not delivered; the subclass says what kind of failure it is."""


class TemporaryFailure(SendFailure):
    """Network, time-out, 408, 425, 5xx, full disk: the same attempt may succeed later."""


class NotYet(SendFailure):
    """What is to be sent does not exist yet; this was no failed attempt."""

    def __init__(self, reason: str, wait_s: float) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class RateLimited(SendFailure):
    """The receiver wants to be left alone for ``retry_after_s`` seconds."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class RefusedForNow(SendFailure):
    """The receiver answers no, as one does that restarts or is being moved: retried for minutes before it is final."""


class PermanentFailure(SendFailure):
    """The receiver refuses this step for good: it is too large, or nobody is there any more."""


class CredentialsRefused(SendFailure):
    """The channel as a whole is refused (401: token revoked); nothing about this step is wrong."""


class AddressMoved(SendFailure):
    """The chat has a new address."""

    def __init__(self, new_address: str) -> None:
        super().__init__(f"the chat moved to {new_address}")
        self.new_address = new_address
