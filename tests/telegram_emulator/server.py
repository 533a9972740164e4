"""The HTTP server of the emulator."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from aiohttp import web

from telegram_emulator.errors import ApiError
from telegram_emulator.faults import Fault, Script
from telegram_emulator.journal import Call, Journal
from telegram_emulator.methods import Methods, Request, decode
from telegram_emulator.state import State

TOKEN = "424242:emulated-bot-token-of-the-test-suite"
MAX_UPLOAD = 60_000_000


class TelegramEmulator:
    """An emulated Bot API server on loopback; an async context manager."""

    def __init__(self, *, port: int = 0, host: str = "127.0.0.1", token: str = TOKEN) -> None:
        self.token = token
        self.state = State()
        self.journal = Journal()
        self.script = Script()
        self._port = port
        self._host = host
        self._methods = Methods(self.state)
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()
        self.url = ""
        self.app = web.Application(client_max_size=MAX_UPLOAD)
        self.app.router.add_route("*", "/bot{token}/{method}", self._api)
        self.app.router.add_get("/file/bot{token}/{path:.+}", self._file)

    async def __aenter__(self) -> TelegramEmulator:
        self._runner = web.AppRunner(self.app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening; a later ``__aenter__`` listens on the same port again, with everything remembered."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._closing = asyncio.Event()

    def fail(self, **options: Any) -> Fault:
        """Script a failure; see :class:`Fault`."""
        return self.script.add(Fault(**options))

    def say(self, chat_id: int, text: str, *, user_id: int | None = None, name: str = "Ann") -> int:
        """Let a person write into a chat; return the id of the update."""
        sender = self.state.user(user_id if user_id is not None else abs(chat_id), name)
        content: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return self.state.update(message=self.state.message(chat_id, sender, **content))

    def send_picture(self, chat_id: int, jpeg: bytes, *, caption: str = "", name: str = "Ann") -> int:
        """Let a person send a photo; return the id of the update."""
        photo = {**self.state.store_file(jpeg), "width": 640, "height": 640}
        content: dict[str, Any] = {"photo": [photo], **({"caption": caption} if caption else {})}
        sender = self.state.user(abs(chat_id), name)
        return self.state.update(message=self.state.message(chat_id, sender, **content))

    def open_topic(self, chat_id: int, topic: int) -> None:
        """Let a supergroup be a forum with a topic."""
        self.state.topics.setdefault(chat_id, set()).add(topic)

    def migrate(self, old: int, new: int, *, announced: bool = True) -> None:
        """Let a group become a supergroup: its old id is refused, and both chats say so unless not ``announced``."""
        self.state.moved[old] = new
        if announced:
            self.announce_move(old, new)

    def announce_move(self, old: int, new: int) -> None:
        """Send the two service messages of a move."""
        sender = self.state.user(1, "Ann")
        self.state.update(message=self.state.message(old, sender, migrate_to_chat_id=new))
        self.state.update(message=self.state.message(new, sender, migrate_from_chat_id=old))

    def press(self, chat_id: int, message_id: int, data: str, *, user_id: int | None = None, name: str = "Ann") -> str:
        """Let a person press a button; return the id of the query, under which the answer will stand."""
        query = f"query-{len(self.state.callback_answers) + 1}"
        self.state.callback_answers[query] = {}
        self.state.update(
            callback_query={
                "id": query,
                "from": self.state.user(user_id if user_id is not None else abs(chat_id), name),
                "message": self.state.messages[(chat_id, message_id)],
                "chat_instance": "1",
                "data": data,
            }
        )
        return query

    def buttons(self, chat_id: int, message_id: int) -> dict[str, str]:
        """Return the buttons under a message: their data by text."""
        keyboard = self.state.messages[(chat_id, message_id)].get("reply_markup", {"inline_keyboard": []})
        return {button["text"]: button["callback_data"] for row in keyboard["inline_keyboard"] for button in row}

    async def _api(self, request: web.Request) -> web.StreamResponse:
        call = await _read(request)
        await self.journal.add(call)
        try:
            if request.match_info["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            fault = self.script.match(call.method, call.chat_id, call.text)
            if fault is not None and fault.kind in ("hang", "reset"):
                return await self._break(request, fault)
            if fault is not None and fault.kind == "status":
                raise fault.error(asyncio.get_running_loop().time())
            if call.chat_id in self.state.moved:
                # As groups answer whose bot is in the supergroup alone.
                raise ApiError(403, "Forbidden: the group chat was upgraded to a supergroup chat")
            result = await self._methods.find(call.method)(Request(call.params, call.files))
            call.status, call.result = 200, result
            await self.journal.changed()
            if fault is not None:
                return await self._break(request, fault)
            return web.json_response({"ok": True, "result": result})
        except ApiError as error:
            call.status, call.description = error.code, error.description
            await self.journal.changed()
            return web.json_response(error.body(), status=error.code)

    async def _break(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind in ("hang", "hang_after"):
            await self._closing.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _file(self, request: web.Request) -> web.Response:
        data = self.state.files.get(request.match_info["path"].removeprefix("files/"))
        return web.Response(status=404) if data is None else web.Response(body=data)


async def _read(request: web.Request) -> Call:
    params: dict[str, Any] = {name: decode(name, value) for name, value in request.query.items()}
    files: dict[str, bytes] = {}
    if request.content_type == "application/json":
        params.update(await request.json())
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = value.file.read()
                value.file.close()
            else:
                params[name] = decode(name, str(value))
    return Call(request.match_info["method"], params, files)
