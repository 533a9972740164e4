"""Puts the notifier together."""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from hackai_notifier.api import create_notifier_app
from hackai_notifier.bot.context import BotContext
from hackai_notifier.channels.base import Channel
from hackai_notifier.channels.console import ConsoleChannel
from hackai_notifier.channels.loopback import NAME as LOOPBACK
from hackai_notifier.channels.loopback import LoopbackChannel
from hackai_notifier.channels.webhook import WebhookChannel
from hackai_notifier.clients.cameras import CameraClient
from hackai_notifier.clients.dashboard_client import DashboardClient
from hackai_notifier.delivery.content import Editor
from hackai_notifier.delivery.courier import Courier
from hackai_notifier.delivery.delivery_context import DeliveryContext
from hackai_notifier.delivery.outbox_watch import OutboxWatch
from hackai_notifier.delivery.results import Recorder
from hackai_notifier.escalation.disarm import DisarmWatch
from hackai_notifier.escalation.escalation_worker import EscalationWorker
from hackai_notifier.escalation.ladder import Ladder
from hackai_notifier.escalation.snooze import WindowBook
from hackai_notifier.inbound.announcements import Announcements
from hackai_notifier.inbound.departures import departures_of
from hackai_notifier.inbound.intake import Intake
from hackai_notifier.inbound.newcomers import Newcomers
from hackai_notifier.inbound.order_proof import OrderProof, kept_key
from hackai_notifier.inbound.orders import Orders
from hackai_notifier.inbound.refill import Refill
from hackai_notifier.inbound.retired_cameras import watch_retired
from hackai_notifier.incident.clips import Clips
from hackai_notifier.incident.feedback import Feedback
from hackai_notifier.incident.outgoing import Publisher
from hackai_notifier.people.access import ChatAccess
from hackai_notifier.people.access_policy import choose_access, service_token
from hackai_notifier.people.naming import Naming
from hackai_notifier.people.recipients import ConfiguredDirectory, Recipient
from hackai_notifier.selftest.caretaking import take_care
from hackai_notifier.selftest.judgement_watch import JudgementWatch
from hackai_notifier.settings import NotifierSettings
from hackai_notifier.storage.database import Database
from hackai_notifier.storage.schema import MIGRATIONS
from hackai_notifier.texts.render import Writer
from hackai_shared.bus import StreamConsumer, names
from hackai_shared.config import HackAIConfig, load_config
from hackai_shared.config.chat_address import ChatAddress
from hackai_shared.messages import Command, IncidentEvent
from hackai_shared.security.service_gate import gate_of
from hackai_shared.service import ServiceContext, ServiceParts, Task

if TYPE_CHECKING:
    from hackai_notifier.telegram_bot import TelegramBot

log = structlog.get_logger(__name__)

GROUP = "notifier"
# The same name after a restart: what a crash left unfinished is taken up at once, not after the claim time.
CONSUMER = "notifier"
# An entry is refused only while the outbox cannot be written; an alarm is never given up for that.
PATIENT = 1_000_000
# How long a read of a stream may hold up the stop of the service.
BLOCK_S = 0.5


async def build(context: ServiceContext) -> ServiceParts:
    """Build the service.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    settings = context.settings
    assert isinstance(settings, NotifierSettings)
    config = load_config(settings.config)
    guard = gate_of(context)
    writer = Writer(ZoneInfo(config.notifier.timezone) if config.notifier.timezone else None)
    database = Database(settings.data_dir / "notifier.sqlite3", MIGRATIONS)
    await database.open()

    telegram = _telegram(settings, config)
    access, login_flow = await choose_access(settings, config, database, guard.revoked)
    directory = ConfiguredDirectory(config.notifier, access, telegram=telegram is not None)
    if not directory.audiences():
        log.error("NOBODY will be told about a fire: no channel is configured")
    camera_client = CameraClient(settings.camera_url, service_token=service_token(settings))
    clips = Clips(database, camera_client, before_s=config.notifier.clip_before_s, after_s=config.notifier.clip_after_s)
    editor = Editor(database, clips, writer)
    publisher = Publisher(database, context.bus)
    recorder = Recorder(editor, directory, context.metrics, reported=publisher.wake)
    channels = _channels(config, telegram)
    recorder.expect(channels)

    room = DeliveryContext(database, editor, recorder, channels, moved=partial(_moved, access))
    await room.restore()
    courier = Courier(room)
    watch = OutboxWatch(database, context.metrics)

    def changed() -> None:
        room.wake()
        publisher.wake()

    care = take_care(context, config, database, directory, writer, channels, changed=changed)
    book, disarm_book = WindowBook(), WindowBook()
    naming = Naming(config.notifier.telegram.names)
    disarm_watch = DisarmWatch(database, directory, disarm_book, changed=changed)
    climber = EscalationWorker(
        database, directory, book, writer, Ladder(config.notifier.escalation), naming, changed=changed
    )
    orders = Orders(
        database,
        Feedback(settings.data_dir / "feedback" / "false_alarm"),
        book,
        default_snooze_s=config.notifier.snooze_s,
        disarm_book=disarm_book,
        proof=OrderProof(kept_key(settings.data_dir), guard.gate.claims_of),
        announce=Announcements(
            directory, writer, [chat for step in config.notifier.escalation.steps for chat in step.chats]
        ),
        changed=changed,
    )
    await orders.restore()
    intake = Intake(
        database,
        directory,
        book,
        last_resort=courier.tell_at_once,
        canary=care.canary.arrived,
        disarmed=lambda camera_id: disarm_watch.disarmed(camera_id) is not None,
        changed=changed,
    )

    newcomers = Newcomers(database, directory, writer, changed=changed)
    judgements = JudgementWatch(context.bus, database, config.cameras, intake.take_in)

    dashboard = DashboardClient(settings.dashboard_url, service_token(settings)) if settings.dashboard_url else None

    context.health.add("database", database.check)
    context.health.add("deliveries", watch.check)
    context.health.add("judged", judgements.check)
    incidents, commands = _consumers(context)
    tasks: dict[str, Task] = {
        "refill": partial(Refill(database, context.bus, directory, care.notices, changed=changed).run, context.stop),
        "incidents": lambda: incidents.run(intake.consume, context.stop),
        "commands": lambda: commands.run(orders.consume, context.stop),
        "deliveries": lambda: courier.run(context.stop),
        "reports": lambda: publisher.run(context.stop),
        "watch": lambda: watch.run(context.stop),
        "disarm": lambda: disarm_watch.run(context.stop),
        "newcomers": lambda: newcomers.run(context.stop),
        "retired-cameras": lambda: watch_retired(database, config.cameras, context.stop, changed=changed),
        "judged": lambda: judgements.run(context.stop),
        **care.tasks(context.stop),
        "escalation": lambda: climber.run(context.stop),
        "revocations": lambda: guard.watch(context.stop),
        **departures_of(context.bus.client, login_flow, database, context.stop),
    }
    if telegram is not None:
        bot_context = BotContext(
            database=database,
            orders=orders,
            book=book,
            bus=context.bus,
            cameras=camera_client,
            camera_names={key: camera.name or key for key, camera in config.cameras.items() if camera.enabled},
            writer=writer,
            watch=watch,
            access=access,
            chat_moved=lambda old, new: room.chat_moved(Recipient("telegram", str(old)), str(new), context.stop),
            newcomers=newcomers,
            login_flow=login_flow,
            dashboard=dashboard,
        )
        context.health.add("telegram-polling", telegram.state.check)
        context.health.add("telegram-token", lambda: room.credentials_check("telegram"))
        tasks["telegram"] = lambda: telegram.run(bot_context, context.stop, reported=publisher.wake)

    clients = [client for client in (login_flow.faces if login_flow else None, dashboard) if client is not None]
    closers: list[Task] = [one.close for one in (*channels.values(), camera_client, *clients)]
    return ServiceParts(
        app=create_notifier_app(
            health=context.health,
            metrics=context.metrics,
            database=database,
            orders=orders,
            naming=naming,
            gate=guard.gate,
        ),
        port=settings.notifier_port,
        tasks=tasks,
        closers=[*closers, *care.closers, database.close],
        details=lambda: {"outbox": watch.details(), "disarmed": _disarmed(orders), **care.details()},
    )


def _consumers(context: ServiceContext) -> tuple[StreamConsumer[IncidentEvent], StreamConsumer[Command]]:
    """Return the consumers of incidents and of commands."""
    incidents = context.bus.consumer(
        names.INCIDENTS,
        IncidentEvent,
        group=GROUP,
        consumer=CONSUMER,
        block_s=BLOCK_S,
        retry_after_s=5.0,
        max_deliveries=PATIENT,
    )
    return incidents, context.bus.consumer(names.COMMANDS, Command, group=GROUP, consumer=CONSUMER, block_s=BLOCK_S)


def _disarmed(orders: Orders) -> list[dict[str, str]]:
    """Return what the heartbeat says about cameras whose incidents are only recorded."""
    return [{"camera": one.key, "by": one.by, "until": one.until.isoformat()} for one in orders.disarmed()]


def _moved(access: ChatAccess, recipient: Recipient, new_address: str) -> None:
    if recipient.channel == "telegram":
        access.moved(ChatAddress.parse(recipient.address), int(new_address))


def _telegram(settings: NotifierSettings, config: HackAIConfig) -> TelegramBot | None:
    """Return the bot; None without a token, or where Telegram is switched off."""
    token = settings.telegram_token
    telegram = config.notifier.telegram
    if token is None or not telegram.enabled:
        log.warning("Telegram is not used", reason="switched off" if token else "no token")
        return None
    if not telegram.chats:
        log.warning("Telegram has a token but no chat: write to the bot, it answers with the id of your chat")
    # aiogram takes 3 s and 130 MB to import: only those pay for it who use it.
    from hackai_notifier.telegram_bot import TelegramBot

    # Its thousands of types stay until the end: no garbage collection need walk through them again, nor the exit.
    gc.freeze()
    return TelegramBot(token.get_secret_value(), telegram.api_url, timeout_s=settings.telegram_timeout_s)


def _channels(config: HackAIConfig, telegram: TelegramBot | None) -> dict[str, Channel]:
    notifier = config.notifier
    channels: dict[str, Channel] = {LOOPBACK: LoopbackChannel()}
    if notifier.console.enabled:
        channels["console"] = ConsoleChannel(Path(notifier.console.folder), keep=notifier.console.keep)
    if notifier.webhooks:
        channels["webhook"] = WebhookChannel({hook.name: hook for hook in notifier.webhooks})
    if telegram is not None:
        channels["telegram"] = telegram.channel
    return channels
