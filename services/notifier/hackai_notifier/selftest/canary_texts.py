"""What caretakers read about test fires that do not arrive. Pure; HTML as in :mod:`hackai_notifier.texts.render`."""

from __future__ import annotations

import html
from datetime import timedelta

from hackai_notifier.selftest.replicas import Unproven
from hackai_notifier.texts.wording import TEXT_LIMIT, duration, limited, shorten


def watch_broken(reason: str, silent_s: float) -> str:
    """Return what the caretakers are told when a canary is missing."""
    return limited(
        [
            "⚠️ <b>THE FIRE WATCH IS BROKEN</b>",
            f"No test fire has come through for {duration(timedelta(seconds=silent_s))}: "
            f"{html.escape(shorten(reason, 300))}.",
            "Until this is fixed, a fire may not be reported. /status shows every part.",
        ],
        TEXT_LIMIT,
    )


def watch_works(lost_s: float) -> str:
    """Return what they are told when one comes through again."""
    lost = duration(timedelta(seconds=lost_s))
    return f"✅ <b>The fire watch works again.</b> A test fire came through, the first one for {lost}."


def unproven(one: Unproven) -> str:
    """Return what the caretakers are told of an instance of the inference service that nothing proves."""
    return limited(
        [
            "⚠️ <b>A PART OF THE FIRE WATCH IS UNVERIFIED</b>",
            f"The inference service {html.escape(shorten(one.instance, 100))} responds, but no test fire came "
            f"through it for {duration(timedelta(seconds=one.age_s))}.",
            "The others work. A fire at its cameras may not be reported. /status shows every part.",
        ],
        TEXT_LIMIT,
    )


def proven(instance: str) -> str:
    """Return what they are told when one came through it."""
    return f"✅ A test fire came through the inference service {html.escape(shorten(instance, 100))} again."
