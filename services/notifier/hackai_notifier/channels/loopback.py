"""The channel of the canary: whatever reaches it went through the whole outbox."""

from __future__ import annotations

from hackai_notifier.channels.base import Delivery, Receipt

NAME = "loopback"


class LoopbackChannel:
    """Takes everything and tells nobody; the outbox notes the delivery."""

    async def send(self, delivery: Delivery) -> Receipt:  # noqa: ARG002  # the protocol of channels
        """Return at once."""
        return Receipt()

    async def close(self) -> None:
        """Do nothing."""
