"""What caretakers read when Redis takes no messages. Pure; HTML as in :mod:`hackai_notifier.texts.render`."""

from __future__ import annotations

import html
from datetime import timedelta

from hackai_notifier.texts.wording import TEXT_LIMIT, duration, limited, shorten


def broken(reason: str) -> str:
    """Return what they are told when it began."""
    return limited(
        [
            "⚠️ <b>ALARMS CANNOT GET THROUGH</b>",
            f"The message queue (Redis) does not take messages: {html.escape(shorten(reason, 300))}.",
            "New fires may not be reported until this is fixed; alarms raised meanwhile are kept and sent afterwards.",
            "Check memory, disk and network of the machine that runs Redis: <code>hackai doctor</code>.",
        ],
        TEXT_LIMIT,
    )


def works_again(lost_s: float) -> str:
    """Return what they are told when it is over."""
    lost = duration(timedelta(seconds=lost_s))
    return f"✅ <b>The message queue (Redis) works again</b> after {lost}. Alarms that were kept are being sent."
