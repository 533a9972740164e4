"""``/join``, ``/login``, ``/enroll``, ``/invite``, ``/people``, ``/revoke``: first the chat, then the face."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from io import BytesIO

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandObject
from aiogram.types import BotCommand, Message

from hackai_notifier.bot.caller import actor_of
from hackai_notifier.bot.context import BotContext
from hackai_notifier.bot.membership import welcome
from hackai_notifier.clients.face_client import FaceRefused, FaceServiceUnavailable
from hackai_notifier.incident import outgoing
from hackai_notifier.people.login_flow import LoginFlow, client_of
from hackai_notifier.texts.refusals import LOG_IN, needs_administrator
from hackai_shared.bus import names
from hackai_shared.messages import AuditRecord
from hackai_shared.security.roles import Role

COMMANDS = [
    BotCommand(command="login", description="Log in with your face"),
    BotCommand(command="logout", description="Log out; alarms still come here"),
    BotCommand(command="disarm", description="Record new incidents without alerting: /disarm 30m"),
    BotCommand(command="arm", description="Send alarms again, ends /disarm"),
    BotCommand(command="invite", description="Get a code that lets somebody in: /invite [role] (administrators)"),
    BotCommand(command="people", description="List who is enrolled (administrators)"),
    BotCommand(command="revoke", description="Log someone out everywhere: /revoke NAME (administrators)"),
]
MAX_BYTES = 20_000_000  # what a bot may download: https://core.telegram.org/bots/api#getfile
_WORDS = {
    ("turn_left", "quickly"): "turn your head to your left and back, quickly (one second)",
    ("turn_left", "slowly"): "turn your head to your left and back, slowly (count to three)",
    ("turn_right", "quickly"): "turn your head to your right and back, quickly (one second)",
    ("turn_right", "slowly"): "turn your head to your right and back, slowly (count to three)",
    ("blink", "quickly"): "close your eyes for a moment",
    ("blink", "slowly"): "close your eyes while you count to two",
}


def create_router(login_flow: LoginFlow) -> Router:
    """Return the router of this feature; its messages are the ones that :func:`is_for_door` names."""
    router = Router(name="login")
    router.message.filter(F.chat.type == ChatType.PRIVATE)

    async def began(message: Message) -> bool:
        return login_flow.is_pending(message.chat.id)

    router.message.register(join, Command("join"))
    router.message.register(login, Command("login"))
    router.message.register(logout, Command("logout"))
    router.message.register(people, Command("people"))
    router.message.register(revoke, Command("revoke"))
    router.message.register(enroll, F.photo, F.caption.startswith("/enroll"))
    router.message.register(enroll_help, Command("enroll"))
    router.message.register(invite, Command("invite"))
    router.message.register(photo, F.photo, began)
    router.message.register(video, F.video_note | F.video, began)
    return router


def is_for_door(message: Message, login_flow: LoginFlow) -> bool:
    """Return whether a stranger may say this: it is how one stops being one."""
    if message.chat.type != ChatType.PRIVATE:
        return False
    words = (message.text or message.caption or "").split()
    command = words[0].partition("@")[0] if words else ""
    if command in ("/join", "/login", "/enroll"):
        return True
    picture = bool(message.photo or message.video_note or message.video)
    return picture and login_flow.is_pending(message.chat.id)


async def join(message: Message, command: CommandObject, context: BotContext) -> None:
    """Let in a chat that shows an invitation."""
    code = (command.args or "").strip()
    if not code:
        await message.answer("Send <code>/join CODE</code> with the code that an administrator gave you.")
        return
    try:
        await _login_flow(context).faces.join(client_of(message.chat.id), code)
    except (FaceRefused, FaceServiceUnavailable) as error:
        await message.answer(f"Not let in: {html.escape(str(error))}.")
        return
    await message.answer("This chat is let in. Log in with /login.")


async def login(message: Message, context: BotContext) -> None:
    """Say the challenge."""
    login_flow = _login_flow(context)
    try:
        challenge = await login_flow.begin(message.chat.id)
    except FaceRefused as error:
        if error.kind != "device-unknown":
            await message.answer(html.escape(str(error)))
            return
        await message.answer(
            f"This is a private HackAI bot. To use it, ask its administrator for an invitation and send it with "
            f"<code>/join CODE</code>, or have chat id <code>{message.chat.id}</code> added to the configuration."
        )
        return
    except FaceServiceUnavailable as error:
        await message.answer(html.escape(str(error)))
        return
    said = [_WORDS.get((step.movement, step.pace), f"{step.movement}, {step.pace}") for step in challenge.steps]
    steps = "\n".join(f"{number}. {words}" for number, words in enumerate(said, start=1))
    await message.answer(
        "Record a <b>video note</b>. Hold the phone still, look straight into the camera, then\n"
        f"{steps}\nlooking straight ahead again for a second after each. Send it within "
        f"{challenge.expires_in_s:.0f} seconds; what counts is the first 16 seconds of the video."
    )


async def photo(message: Message) -> None:
    """Say that a photo proves nothing."""
    await message.answer("A photo is not enough: anybody can have one of you. Send the video note.")


async def invite(message: Message, command: CommandObject, context: BotContext) -> None:
    """Give an administrator a code for somebody else."""
    login_flow = _login_flow(context)
    session = login_flow.access.session(message.chat.id)
    if session is None or session.role is not Role.ADMIN:
        await message.answer("Only administrators may do this.")
        return
    wanted = (command.args or Role.VIEWER.value).strip().lower()
    if wanted not in {role.value for role in Role}:
        await message.answer("Send <code>/invite viewer</code>, <code>operator</code> or <code>admin</code>.")
        return
    try:
        code = await login_flow.faces.invite(session.token, wanted)
    except (FaceRefused, FaceServiceUnavailable) as error:
        await message.answer(html.escape(str(error)))
        return
    await message.answer(
        f"<code>{code}</code>\nGood once, for a day, role {wanted}. Whoever is new sends me a photo of themselves with "
        f"the caption <code>/enroll {code} NAME</code>; whoever is enrolled and has a new chat sends "
        f"<code>/join {code}</code>."
    )


async def video(message: Message, bot: Bot, context: BotContext) -> None:
    """Log in with the answer to the challenge."""
    media = message.video_note or message.video
    assert media is not None
    login_flow = _login_flow(context)
    film = await _download(bot, media.file_id, media.file_size)
    if film is None:
        await message.answer("This file is too large. Send a short video note.")
        return
    try:
        session = await login_flow.finish(message.chat.id, film)
    except (FaceRefused, FaceServiceUnavailable) as error:
        await message.answer(f"Not logged in: {html.escape(str(error))}.\nTry again with /login.")
        return
    until = context.writer.clock(datetime.fromtimestamp(session.expires_at, UTC))
    await message.answer(
        f"Hello <b>{html.escape(session.name)}</b>! You are logged in as {session.role.value} until "
        f"{until}. /help lists all commands."
    )
    await welcome(context, message.chat.id)


async def logout(message: Message, context: BotContext) -> None:
    """Log this chat out."""
    login_flow = _login_flow(context)
    session = login_flow.access.session(message.chat.id)
    if session is None:
        await message.answer(f"You are not logged in. {LOG_IN}")
        return
    try:
        await login_flow.end(session)
    except (FaceRefused, FaceServiceUnavailable) as error:
        await message.answer(f"Logged out here; {html.escape(str(error))}.")
        return
    pictures = login_flow.access.receiver(message.chat.id).pictures
    await message.answer(f"Logged out. Alarms still come here, {'with' if pictures else 'as text without'} pictures.")


async def enroll(message: Message, bot: Bot, context: BotContext) -> None:
    """Enroll the person on the photo: with a one-time code, or as an administrator."""
    login_flow = _login_flow(context)
    assert message.photo
    words = (message.caption or "").split()[1:]
    session = login_flow.access.session(message.chat.id)
    picture = await _download(bot, message.photo[-1].file_id, message.photo[-1].file_size)
    if picture is None or not words:
        await enroll_help(message)
        return
    try:
        if session is not None and session.role is Role.ADMIN:
            person = await login_flow.faces.enrol(session.token, " ".join(words), picture)
        else:
            person = await login_flow.faces.enrol_with_code(
                client_of(message.chat.id), words[0], " ".join(words[1:]) or "?", picture
            )
    except (FaceRefused, FaceServiceUnavailable) as error:
        await message.answer(f"Not enrolled: {html.escape(str(error))}.")
        return
    await message.answer(f"<b>{html.escape(person.name)}</b> is enrolled as {person.role}. Log in with /login.")


async def enroll_help(message: Message) -> None:
    """Say how."""
    await message.answer(
        "Send a photo of the person with the caption <code>/enroll CODE NAME</code>, "
        "or as an administrator <code>/enroll NAME</code>."
    )


async def people(message: Message, context: BotContext) -> None:
    """List who is enrolled."""
    login_flow = _login_flow(context)
    session = login_flow.access.session(message.chat.id)
    if session is None or session.role is not Role.ADMIN:
        await message.answer(needs_administrator())
        return
    try:
        everybody = await login_flow.faces.people(session.token)
    except (FaceRefused, FaceServiceUnavailable) as error:
        await message.answer(html.escape(str(error)))
        return
    lines = [f"{html.escape(person.name)}: {person.role}, {person.photos} photo(s)" for person in everybody]
    await message.answer("\n".join(lines) or "No one is enrolled. Send a photo with the caption /enroll NAME.")


async def revoke(message: Message, command: CommandObject, context: BotContext) -> None:
    """End all sessions of somebody."""
    login_flow = _login_flow(context)
    session = login_flow.access.session(message.chat.id)
    if session is None or session.role is not Role.ADMIN:
        record = AuditRecord(
            actor=actor_of(message, login_flow.access.proof(message.chat.id)), action="revoke", outcome="refused"
        )
        await context.database.run(lambda connection: outgoing.put(connection, names.AUDIT, record))
        await message.answer(needs_administrator())
        return
    wanted = (command.args or "").strip().casefold()
    try:
        found = [person for person in await login_flow.faces.people(session.token) if person.name.casefold() == wanted]
        if not found:
            await message.answer("No one by that name is enrolled; /people lists everyone.")
            return
        ended = await login_flow.faces.revoke(session.token, found[0].person_id)
    except (FaceRefused, FaceServiceUnavailable) as error:
        await message.answer(html.escape(str(error)))
        return
    await message.answer(f"{ended} session(s) of {html.escape(found[0].name)} ended.")


def _login_flow(context: BotContext) -> LoginFlow:
    if context.login_flow is None:
        raise LookupError("this router is only there with a login_flow")
    return context.login_flow


async def _download(bot: Bot, file_id: str, size: int | None) -> bytes | None:
    if size is not None and size > MAX_BYTES:
        return None
    target = BytesIO()
    await bot.download(file_id, destination=target)
    return target.getvalue()
