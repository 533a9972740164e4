"""What all texts for people have in common: their length, how long something took, their look without HTML. Pure."""

from __future__ import annotations

import html
import re
from datetime import timedelta

# https://core.telegram.org/bots/api: 0-1024 characters of a caption, 1-4096 of a text, after entities are parsed.
CAPTION_LIMIT = 1024
TEXT_LIMIT = 4096
DANGER = "If you are in danger, get everyone out and call the fire service (112 / 911)."
# What a snooze promises, wherever it is promised; kept by hackai_notifier.incident.incidents.merge.
STILL_RINGS = "A new fire, a second place, or one that grows or gets worse still rings."


def plain(text: str) -> str:
    """Return a text without its HTML."""
    return html.unescape(re.sub(r"</?(?:b|i|code)>", "", text))


def shorten(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def limited(lines: list[str], limit: int) -> str:
    """Join as many whole lines as fit: to cut inside of a line could cut inside of an entity.

    Lengths are counted in UTF-16 units as Telegram does, markup included, so the result is on the safe side.
    """
    kept: list[str] = []
    used = 0
    for line in lines:
        used += len(line.encode("utf-16-le")) // 2 + 1
        if used > limit and kept:
            break
        kept.append(line)
    return "\n".join(kept)


def duration(length: timedelta) -> str:
    """Return a length of time as people say it."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
