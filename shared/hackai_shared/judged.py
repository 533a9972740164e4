"""How long ago each camera was last judged: what "live", "ready" and "all clear" speak of. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, Optional, Sequence

from hackai_shared.messages import ServiceStatus

# A camera of which no frame was judged for so long is not watched, whatever else works.
NOT_JUDGED_S = 10.0


def judged_ages_s(statuses: Sequence[ServiceStatus], now: datetime) -> Dict[str, float]:
    """Return the seconds since each camera was last judged, by the heartbeats of all inference services.

    A camera that nobody speaks of is missing: it was never judged, or its judge gives no sign of life any more. The
    age of the heartbeat itself counts, so that a service that hangs does not stay young.
    """
    ages: Dict[str, float] = {}
    for status in statuses:
        since_s = max(0.0, (now - status.at).total_seconds())
        for camera_id, age_s in status.judged_s.items():
            ages[camera_id] = min(age_s + since_s, ages.get(camera_id, float("inf")))
    return ages


def is_judged(age_s: Optional[float]) -> bool:
    """Return whether a camera with this age of its last judgement is watched now."""
    return age_s is not None and age_s <= NOT_JUDGED_S
