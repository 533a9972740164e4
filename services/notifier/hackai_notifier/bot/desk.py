"""What the handlers of the bot work with."""

from __future__ import annotations

from dataclasses import dataclass

from hackai_notifier.access import ChatAccess
from hackai_notifier.cameras import CameraClient
from hackai_notifier.dashboard_client import DashboardClient
from hackai_notifier.database import Database
from hackai_notifier.door import Door
from hackai_notifier.orders import Orders
from hackai_notifier.render import Writer
from hackai_notifier.snooze import SnoozeBook
from hackai_notifier.watch import OutboxWatch
from hackai_shared.bus import Bus


@dataclass(frozen=True)
class Desk:
    """Given to every handler as ``desk``; ``camera_names``: name by id of every configured camera."""

    database: Database
    orders: Orders
    book: SnoozeBook
    bus: Bus
    cameras: CameraClient
    camera_names: dict[str, str]
    writer: Writer
    watch: OutboxWatch
    access: ChatAccess
    door: Door | None = None
    """There where faces decide about chats."""
    dashboard: DashboardClient | None = None
    """There where the dashboard has an address."""
