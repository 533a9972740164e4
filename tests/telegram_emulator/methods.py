"""The methods of the Bot API, with Telegram's own limits and refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from telegram_emulator import markup
from telegram_emulator.errors import DESCRIPTIONS, ApiError, bad_request
from telegram_emulator.state import BOT, State

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
CALLBACK_DATA_LIMIT = 64
PHOTO_BYTES = 10_000_000
FILE_BYTES = 50_000_000
EDITABLE = ("text", "caption", "reply_markup")


@dataclass(frozen=True)
class Request:
    """The parameters of one call; ``files`` by the name under which they were attached."""

    params: Mapping[str, Any]
    files: Mapping[str, bytes]

    def text(self, name: str, limit: int) -> str:
        """Return a text after Telegram's checks, as it was sent."""
        value = str(self.params.get(name, ""))
        plain = markup.parse(value) if self.params.get("parse_mode") == "HTML" else value
        if markup.length(plain) > limit:
            raise bad_request("message is too long" if name == "text" else "message caption is too long")
        return value

    def chat_id(self) -> int:
        """Return the chat."""
        if "chat_id" not in self.params:
            raise bad_request("chat_id is empty")
        return int(self.params["chat_id"])

    def file(self, name: str) -> bytes:
        """Return an uploaded file."""
        value = str(self.params.get(name, ""))
        key = value.removeprefix("attach://")
        if key not in self.files:
            raise bad_request(f"there is no {name} in the request")
        return self.files[key]

    def keyboard(self) -> dict[str, Any] | None:
        """Return the checked inline keyboard."""
        markup_ = self.params.get("reply_markup")
        if markup_ is None:
            return None
        for row in markup_["inline_keyboard"]:
            for button in row:
                if len(button.get("callback_data", "").encode()) > CALLBACK_DATA_LIMIT:
                    raise bad_request("BUTTON_DATA_INVALID")
        return dict(markup_)


class Methods:
    """The methods by name; each returns what stands under ``result``."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pollers = 0

    def find(self, name: str) -> Callable[[Request], Awaitable[Any]]:
        """Return a method, whatever its case.

        Raises:
            ApiError: 404.
        """
        known = {method.lower(): method for method in dir(self) if method[0] != "_" and method != "find"}
        if name.lower() not in known:
            raise ApiError(404, "Not Found: method not found")
        method: Callable[[Request], Awaitable[Any]] = getattr(self, known[name.lower()])
        return method

    async def getMe(self, _request: Request) -> dict[str, Any]:
        return BOT

    async def deleteWebhook(self, _request: Request) -> bool:
        return True

    async def setMyCommands(self, request: Request) -> bool:
        self._state.commands = list(request.params["commands"])
        return True

    async def getUpdates(self, request: Request) -> list[dict[str, Any]]:
        if self._pollers:
            raise ApiError(409, DESCRIPTIONS[409])
        self._pollers += 1
        try:
            offset = int(request.params.get("offset", 0))
            limit = int(request.params.get("limit", 100))
            pending = self._state.pending(offset, limit)
            if not pending:
                try:
                    async with asyncio.timeout(float(request.params.get("timeout", 0))):
                        await self._state.new_update.wait()
                except TimeoutError:
                    return []
                pending = self._state.pending(offset, limit)
            return pending
        finally:
            self._pollers -= 1

    async def sendMessage(self, request: Request) -> dict[str, Any]:
        text = request.text("text", TEXT_LIMIT)
        if not text.strip():
            raise bad_request("message text is empty")
        return self._sent(request, text=text)

    async def sendPhoto(self, request: Request) -> dict[str, Any]:
        data = request.file("photo")
        if len(data) > PHOTO_BYTES:
            raise bad_request("file is too big")
        width, height = _picture_size(data)
        photo = {**self._state.store_file(data), "width": width, "height": height}
        return self._sent(request, photo=[photo], **_caption(request))

    async def sendVideo(self, request: Request) -> dict[str, Any]:
        data = request.file("video")
        if len(data) > FILE_BYTES:
            raise ApiError(413, "Request Entity Too Large")
        video = {**self._state.store_file(data), "width": 640, "height": 360, "duration": 10, "mime_type": "video/mp4"}
        return self._sent(request, video=video, **_caption(request))

    async def sendDocument(self, request: Request) -> dict[str, Any]:
        document = {**self._state.store_file(request.file("document")), "file_name": "file"}
        return self._sent(request, document=document, **_caption(request))

    async def sendChatAction(self, request: Request) -> bool:
        request.chat_id()
        return True

    async def editMessageText(self, request: Request) -> dict[str, Any]:
        return self._edited(request, text=request.text("text", TEXT_LIMIT))

    async def editMessageCaption(self, request: Request) -> dict[str, Any]:
        return self._edited(request, caption=request.text("caption", CAPTION_LIMIT))

    async def editMessageReplyMarkup(self, request: Request) -> dict[str, Any]:
        return self._edited(request)

    async def answerCallbackQuery(self, request: Request) -> bool:
        query = str(request.params["callback_query_id"])
        if len(str(request.params.get("text", ""))) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        if query not in self._state.callback_answers:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self._state.callback_answers[query] = dict(request.params)
        return True

    async def getFile(self, request: Request) -> dict[str, Any]:
        file_id = str(request.params.get("file_id", ""))
        if file_id not in self._state.files:
            raise bad_request("invalid file_id")
        data = self._state.files[file_id]
        number = file_id.removeprefix("file-")
        return {
            "file_id": file_id,
            "file_unique_id": f"unique-{number}",
            "file_size": len(data),
            "file_path": f"files/{file_id}",
        }

    def _sent(self, request: Request, **content: Any) -> dict[str, Any]:
        chat_id = request.chat_id()
        keyboard = request.keyboard()
        if keyboard is not None:
            content["reply_markup"] = keyboard
        topic = request.params.get("message_thread_id")
        if topic is not None:
            if int(topic) not in self._state.topics.get(chat_id, set()):
                raise bad_request("message thread not found")
            content |= {"message_thread_id": int(topic), "is_topic_message": True}
        reply = request.params.get("reply_parameters")
        if reply is not None:
            original = self._state.messages.get((chat_id, int(reply["message_id"])))
            if original is not None:
                content["reply_to_message"] = {k: v for k, v in original.items() if k != "reply_to_message"}
            elif not reply.get("allow_sending_without_reply"):
                raise bad_request("message to be replied not found")
        return self._state.message(chat_id, BOT_USER, **content)

    def _edited(self, request: Request, **content: Any) -> dict[str, Any]:
        key = (request.chat_id(), int(request.params["message_id"]))
        message = self._state.messages.get(key)
        if message is None:
            raise bad_request("message to edit not found")
        keyboard = request.keyboard()
        # An edit without a keyboard removes it.
        after = {**message, **content}
        after.pop("reply_markup", None)
        if keyboard is not None:
            after["reply_markup"] = keyboard
        if all(after.get(part) == message.get(part) for part in EDITABLE):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        after["edit_date"] = message["date"] + 1
        self._state.messages[key] = after
        return after


BOT_USER = {key: BOT[key] for key in ("id", "is_bot", "first_name", "username")}


def _caption(request: Request) -> dict[str, Any]:
    caption = request.text("caption", CAPTION_LIMIT)
    return {"caption": caption} if caption else {}


def _picture_size(data: bytes) -> tuple[int, int]:
    """Return width and height; Telegram refuses what is no picture, too long or too thin."""
    try:
        with Image.open(BytesIO(data)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError) as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def decode(name: str, value: str) -> Any:
    """Return a form field as the API means it: objects and lists are JSON, the rest is text."""
    if value[:1] in "[{" and name not in ("text", "caption"):
        return json.loads(value)
    return value
