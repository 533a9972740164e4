"""Telegram chats and topics, as people write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hackai_shared.config import ConfigError, parse_config
from hackai_shared.config.chat_address import ChatAddress

CAMERA = "cameras: {front: {source: {type: pattern}}}\n"


@pytest.mark.parametrize(
    ("written", "chat", "topic"),
    [
        (5, 5, None),
        ("-1001234567890", -1001234567890, None),
        ("-100123/17", -100123, 17),
        (" -100123/17 ", -100123, 17),
    ],
)
def test_a_chat_and_its_topic(written: Any, chat: int, topic: Any) -> None:
    address = ChatAddress.parse(written)

    assert (int(address), address.thread) == (chat, topic)
    assert address == chat
    assert str(address) == str(written).strip()
    assert json.dumps(address) == str(chat)
    assert ChatAddress.parse(str(address)).thread == topic


@pytest.mark.parametrize("written", ["@group", "", "5/", "/17", "5/0", "05", 0, True, 1.5, None, 10**16, "5/1/2"])
def test_what_names_no_chat_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="write its id"):
        ChatAddress.parse(written)


def test_a_topic_moves_along_with_its_group() -> None:
    assert str(ChatAddress(-5, 17).moved_to(-1005)) == "-1005/17"


def test_topics_can_be_addressed_everywhere_in_the_configuration() -> None:
    text = (
        CAMERA + "notifier:\n  telegram: {chats: [-100123/17, '-100123/18', 7], admins: [-100123/19]}\n"
        "  escalation: {steps: [{after_s: 60, chats: [-100123/20]}]}\n"
    )

    notifier = parse_config(text).notifier

    assert [str(chat) for chat in notifier.telegram.chats] == ["-100123/17", "-100123/18", "7"]
    assert str(notifier.telegram.admins[0]) == "-100123/19"
    assert str(notifier.escalation.steps[0].chats[0]) == "-100123/20"


def test_a_chat_that_is_none_is_named_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r":3:.*notifier\.telegram\.chats\.0: .*id/topic"):
        parse_config(CAMERA + "notifier:\n  telegram: {chats: ['@fire']}\n")
