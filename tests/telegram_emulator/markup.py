"""Telegram's HTML: what it accepts, and how long the text is after it was parsed.

https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import html
import re

from telegram_emulator.errors import bad_request

TAGS = {
    "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "tg-emoji", "code", "pre",
    "blockquote",
}  # fmt: skip
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_TOKEN = re.compile(r"<(?P<end>/?)(?P<tag>[^\s<>/]*)(?P<rest>[^<>]*)>|<")


def parse(text: str) -> str:
    """Return the text without its markup.

    Raises:
        ApiError: 400 as Telegram words it.
    """
    plain: list[str] = []
    open_tags: list[str] = []
    position = 0
    for match in _TOKEN.finditer(text):
        plain.append(html.unescape(text[position : match.start()]))
        position = match.end()
        offset = len(text[: match.start()].encode())
        tag = (match.group("tag") or "").lower()
        if tag not in TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {offset}')
        if not match.group("end"):
            open_tags.append(tag)
        elif not open_tags:
            raise bad_request(f"can't parse entities: Unexpected end tag at byte offset {offset}")
        elif (expected := open_tags.pop()) != tag:
            raise bad_request(
                f'can\'t parse entities: Unmatched end tag at byte offset {offset}, expected "</{expected}>", '
                f'found "</{tag}>"'
            )
    if open_tags:
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1]}\"")
    plain.append(html.unescape(text[position:]))
    return "".join(plain)


def length(plain: str) -> int:
    """Return the length as Telegram counts it: UTF-16 code units."""
    return len(plain.encode("utf-16-le")) // 2
