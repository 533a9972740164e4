"""Chats, messages, files and updates of the emulated Telegram."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

BOT = {
    "id": 4242,
    "is_bot": True,
    "first_name": "HackAI",
    "username": "hackai_test_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}


@dataclass
class State:
    """What the server remembers."""

    messages: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    callback_answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    topics: dict[int, set[int]] = field(default_factory=dict)
    """The topics of each forum by chat id."""
    moved: dict[int, int] = field(default_factory=dict)
    """Groups that became supergroups: the new id by the old one."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._update_ids = itertools.count(1000)
        self.new_update = asyncio.Event()

    def user(self, user_id: int, name: str) -> dict[str, Any]:
        """Return a person."""
        return {"id": user_id, "is_bot": False, "first_name": name, "username": f"user{user_id}", "language_code": "en"}

    def chat(self, chat_id: int) -> dict[str, Any]:
        """Return a chat: groups have negative ids."""
        if chat_id < 0:
            return {
                "id": chat_id,
                "type": "supergroup" if chat_id < -(10**12) else "group",
                "title": f"Group {chat_id}",
            }
        return {"id": chat_id, "type": "private", "first_name": f"User {chat_id}", "username": f"user{chat_id}"}

    def message(self, chat_id: int, sender: dict[str, Any], **content: Any) -> dict[str, Any]:
        """Store and return a new message."""
        message = {
            "message_id": next(self._numbers),
            "from": sender,
            "chat": self.chat(chat_id),
            "date": int(time.time()),
            **content,
        }
        self.messages[(chat_id, message["message_id"])] = message
        return message

    def store_file(self, data: bytes) -> dict[str, Any]:
        """Store a file and return what describes it."""
        number = len(self.files) + 1
        file_id = f"file-{number}"
        self.files[file_id] = data
        return {"file_id": file_id, "file_unique_id": f"unique-{number}", "file_size": len(data)}

    def update(self, **content: Any) -> int:
        """Queue an update; return its id."""
        number = next(self._update_ids)
        self.updates.append({"update_id": number, **content})
        self.new_update.set()
        return number

    def pending(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Return updates from ``offset`` on; those before are confirmed and forgotten."""
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        if not self.updates:
            self.new_update.clear()
        return self.updates[:limit]

    def text_of(self, chat_id: int, message_id: int) -> str:
        """Return the text that a chat shows now."""
        message = self.messages[(chat_id, message_id)]
        return str(message.get("text", message.get("caption", "")))
