"""The one way in which a probability is shown: in the chat, on the page, on pictures, in the demo. Pure."""

from __future__ import annotations

# No network can know for certain: what rounds to 100 % is shown as this.
HIGHEST_PERCENT = 99


def percent(score: float) -> str:
    """Return a model's probability (0-1) as people read it: ``97 %``, never more than ``99 %``."""
    return f"{min(HIGHEST_PERCENT, max(0, round(score * 100)))} %"
