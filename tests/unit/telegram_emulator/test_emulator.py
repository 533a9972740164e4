"""The emulator is checked against aiogram: its client understands every answer, and no answer has invented fields."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    File,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReplyParameters,
    Update,
    User,
)
from pydantic import BaseModel

from notifier_harness import jpeg
from telegram_emulator import TOKEN, TelegramEmulator, markup
from telegram_emulator.errors import ApiError

CHAT = 7


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as it:
        yield it


def client(telegram: TelegramEmulator, token: str = TOKEN) -> Bot:
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url), timeout=2))


@pytest.fixture
async def bot(telegram: TelegramEmulator) -> AsyncIterator[Bot]:
    it = client(telegram)
    yield it
    await it.session.close()


def check_fields(model: type[BaseModel], data: dict[str, Any]) -> None:
    """Every field of an answer is one that aiogram's type declares, and its value survives."""
    parsed = model.model_validate(data)
    dumped = json.loads(parsed.model_dump_json(by_alias=False, exclude_unset=True))
    declared = set(model.model_fields) | {field.alias for field in model.model_fields.values() if field.alias}
    assert set(data) <= declared, set(data) - declared
    for name, value in data.items():
        if isinstance(value, (str, int, bool)) and name not in ("date", "edit_date"):
            assert dumped["from_user" if name == "from" else name] == value


def buttons(data: str = "x") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="ok", callback_data=data)]])


async def test_answers_fit_aiograms_types(telegram: TelegramEmulator, bot: Bot) -> None:
    await bot.get_me()
    await bot.delete_webhook()
    await bot.set_my_commands([BotCommand(command="help", description="Help")])
    text = await bot.send_message(CHAT, "<b>Hi</b>", parse_mode="HTML", reply_markup=buttons())
    reply = ReplyParameters(message_id=text.message_id)
    await bot.send_photo(CHAT, BufferedInputFile(jpeg(), "a.jpg"), caption="c", reply_parameters=reply)
    await bot.send_video(CHAT, BufferedInputFile(b"mp4", "a.mp4"), caption="v")
    await bot.send_document(-5, BufferedInputFile(b"data", "a.bin"))
    await bot.send_chat_action(CHAT, "upload_photo")
    await bot.edit_message_text("new", chat_id=CHAT, message_id=text.message_id)
    telegram.say(CHAT, "/start now")
    telegram.send_picture(CHAT, jpeg("blue"), caption="me")
    telegram.press(CHAT, text.message_id, "x")
    await bot.get_updates()

    types: dict[str, type[BaseModel]] = {"getMe": User}
    for call in telegram.journal.calls:
        assert call.ok, call
        if isinstance(call.result, dict):
            check_fields(types.get(call.method, Message), call.result)
    for update in telegram.state.updates:
        check_fields(Update, update)
    assert telegram.state.commands[0]["command"] == "help"


async def test_files_travel_both_ways(telegram: TelegramEmulator, bot: Bot) -> None:
    sent = await bot.send_photo(CHAT, BufferedInputFile(jpeg(), "a.jpg"))
    assert sent.photo is not None
    file = await bot.get_file(sent.photo[-1].file_id)
    assert file.file_path is not None
    content = await bot.download_file(file.file_path)

    assert content is not None
    assert content.read() == jpeg()
    check_fields(File, telegram.journal.of("getFile")[0].result)
    assert next(iter(telegram.journal.of("sendPhoto")[0].files.values())) == jpeg()


async def test_limits_are_telegrams(bot: Bot) -> None:
    picture = BufferedInputFile(jpeg(), "a.jpg")
    await bot.send_message(CHAT, "x" * 4096)
    await bot.send_photo(CHAT, picture, caption="<b>" + "x" * 1024 + "</b>", parse_mode="HTML")
    for wrong in (
        bot.send_message(CHAT, "x" * 4097),
        bot.send_message(CHAT, "🔥" * 2049),
        bot.send_message(CHAT, " "),
        bot.send_message(CHAT, "<b>x", parse_mode="HTML"),
        bot.send_message(CHAT, "a < b", parse_mode="HTML"),
        bot.send_photo(CHAT, picture, caption="x" * 1025),
        bot.send_photo(CHAT, BufferedInputFile(b"no picture", "a.jpg")),
        bot.send_message(CHAT, "x", reply_markup=buttons("x" * 65)),
        bot.send_message(CHAT, "x", reply_parameters=ReplyParameters(message_id=999)),
        bot.edit_message_text("x", chat_id=CHAT, message_id=999),
        bot.answer_callback_query("unknown"),
        bot.get_file("unknown"),
    ):
        with pytest.raises(TelegramBadRequest):
            await wrong


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot) -> None:
    sent = await bot.send_message(CHAT, "same", reply_markup=buttons())

    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("same", chat_id=CHAT, message_id=sent.message_id, reply_markup=buttons())
    await bot.edit_message_text("same", chat_id=CHAT, message_id=sent.message_id)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"code": 403}, TelegramForbiddenError),
        ({"code": 401}, TelegramUnauthorizedError),
        ({"code": 502}, TelegramServerError),
        ({"code": 429, "retry_after": 3}, TelegramRetryAfter),
        ({"migrate_to": -100}, TelegramMigrateToChat),
        ({"kind": "reset"}, TelegramNetworkError),
    ],
)
async def test_failures_can_be_scripted(
    options: dict[str, Any], error: type[Exception], telegram: TelegramEmulator, bot: Bot
) -> None:
    telegram.fail(chat_id=CHAT, method="sendMessage", times=1, **options)

    await bot.send_message(8, "another chat")
    with pytest.raises(error):
        await bot.send_message(CHAT, "x")
    await bot.send_message(CHAT, "x")


async def test_a_hang_ends_with_the_callers_patience(telegram: TelegramEmulator, bot: Bot) -> None:
    telegram.fail(kind="hang_after", times=1)

    with pytest.raises(TelegramNetworkError):
        await bot.send_message(CHAT, "x", request_timeout=1)

    assert len(telegram.journal.of("sendMessage")) == 1


async def test_a_span_of_429_counts_down(telegram: TelegramEmulator, bot: Bot) -> None:
    telegram.fail(code=429, seconds=60.0)

    with pytest.raises(TelegramRetryAfter) as error:
        await bot.send_message(CHAT, "x")

    assert 59 <= error.value.retry_after <= 61


async def test_two_pollers_conflict_and_updates_are_confirmed_by_offset(telegram: TelegramEmulator, bot: Bot) -> None:
    other = client(telegram)
    waiting = asyncio.ensure_future(bot.get_updates(timeout=10))
    await telegram.journal.wait_for("getUpdates", ok=None)

    with pytest.raises(TelegramConflictError):
        await other.get_updates()
    number = telegram.say(CHAT, "hello")

    assert [update.update_id for update in await waiting] == [number]
    assert [update.update_id for update in await bot.get_updates()] == [number]
    assert await bot.get_updates(offset=number + 1) == []
    await other.session.close()


async def test_a_wrong_token_is_refused(telegram: TelegramEmulator) -> None:
    stranger = client(telegram, "1:abc")
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()
    await stranger.session.close()


def test_markup() -> None:
    assert markup.parse('<b>a <i>b</i></b> &lt;c&gt; <a href="x">d</a>') == "a b <c> d"
    assert markup.length("a🔥") == 3
    for wrong in ("<x>", "<b>", "</b>", "<b><i></b></i>", "<"):
        with pytest.raises(ApiError):
            markup.parse(wrong)


async def test_it_runs_as_a_process_with_a_control_api(root: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telegram_emulator",
        env={**os.environ, "PYTHONPATH": str(root / "tests")}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    url = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
    async with httpx.AsyncClient(base_url=url) as http:
        await http.post("/emulator/faults", json={"code": 403, "times": 1})
        form = {"chat_id": "7", "text": "hello"}
        refused = await http.post(f"/bot{TOKEN}/sendMessage", data=form)
        sent = (await http.post(f"/bot{TOKEN}/sendMessage", data=form)).json()["result"]
        await http.post("/emulator/messages", json={"chat_id": 7, "text": "/start"})
        press = {"chat_id": 7, "message_id": sent["message_id"], "data": "x"}
        await http.post("/emulator/presses", json=press)
        updates = (await http.get(f"/bot{TOKEN}/getUpdates")).json()["result"]
        journal = (await http.get("/emulator/journal")).json()
        await http.delete("/emulator/faults")
    process.send_signal(signal.SIGTERM)

    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert refused.status_code == 403
    assert len(updates) == 2
    assert [call["status"] for call in journal if call["method"] == "sendMessage"] == [403, 200]
