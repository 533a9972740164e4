"""How a Telegram chat is named in the configuration: by its id, with the topic of a forum behind a slash."""

from __future__ import annotations

import re
from typing import Any, Dict, Optional

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

_WRITTEN = re.compile(r"\s*(-?[1-9]\d{0,15})(?:/([1-9]\d{0,9}))?\s*", re.ASCII)
# Telegram's ids have at most 52 significant bits (Bot API, type Chat).
_LARGEST = 2**52


class ChatAddress(int):
    """The id of a chat, and the topic (``message_thread_id``) in which it is spoken to.

    It is the chat's id in every comparison, because rights belong to chats; as text it is the whole address.
    """

    thread: Optional[int]

    def __new__(cls, chat_id: int, thread: Optional[int] = None) -> "ChatAddress":
        """Make one of a chat's id."""
        address = super().__new__(cls, chat_id)
        address.thread = thread
        return address

    @classmethod
    def parse(cls, value: object) -> "ChatAddress":
        """Return what somebody wrote: ``-1001234567890`` or ``-1001234567890/17``.

        Raises:
            ValueError: it names no chat.
        """
        if isinstance(value, ChatAddress):
            return value
        match = _WRITTEN.fullmatch(str(value)) if isinstance(value, (int, str)) and value is not True else None
        if match is None or abs(int(match.group(1))) > _LARGEST:
            raise ValueError("not a chat; write its id, e.g. -1001234567890, or id/topic, e.g. -1001234567890/17")
        return cls(int(match.group(1)), None if match.group(2) is None else int(match.group(2)))

    def moved_to(self, chat_id: int) -> "ChatAddress":
        """Return the same topic of the chat under its new id."""
        return ChatAddress(chat_id, self.thread)

    def __str__(self) -> str:
        chat_id = int.__repr__(self)
        return chat_id if self.thread is None else f"{chat_id}/{self.thread}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate with :meth:`parse`, serialize as text."""
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema(when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> Dict[str, Any]:
        """Describe it for editors."""
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^-?[1-9][0-9]*(/[1-9][0-9]*)?$"}]}
