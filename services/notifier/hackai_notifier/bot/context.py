"""What the handlers of the bot work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hackai_notifier.clients.cameras import CameraClient
from hackai_notifier.clients.dashboard_client import DashboardClient
from hackai_notifier.delivery.outbox_watch import OutboxWatch
from hackai_notifier.escalation.snooze import WindowBook
from hackai_notifier.inbound.newcomers import Newcomers
from hackai_notifier.inbound.orders import Orders
from hackai_notifier.people.access import ChatAccess
from hackai_notifier.people.login_flow import LoginFlow
from hackai_notifier.storage.database import Database
from hackai_notifier.texts.render import Writer
from hackai_shared.bus import Bus


@dataclass(frozen=True)
class BotContext:
    """Given to every handler as ``context``; ``camera_names``: name by id of every configured camera."""

    database: Database
    orders: Orders
    book: WindowBook
    bus: Bus
    cameras: CameraClient
    camera_names: dict[str, str]
    writer: Writer
    watch: OutboxWatch
    access: ChatAccess
    chat_moved: Callable[[int, int], Awaitable[None]]
    """Told the old and the new id of a group that became a supergroup."""
    newcomers: Newcomers
    login_flow: LoginFlow | None = None
    """There where faces decide about chats."""
    dashboard: DashboardClient | None = None
    """There where the dashboard has an address."""
