"""The ways by which a message reaches somebody, behind one protocol."""

from hackai_notifier.channels.base import Channel, Delivery, Receipt

__all__ = ["Channel", "Delivery", "Receipt"]
