"""What people read about the parts of the watch: what happened, what it means, what to do."""

from __future__ import annotations

_MEANS = {
    "camera": "No camera is being watched until it is back.",
    "inference": "Fires are not detected until it is back.",
    "notifier": "Alarms are delayed until it is back; none is lost.",
    "face_auth": "Nobody can log in until it is back. Alarms are not affected.",
    "dashboard": "The page is unavailable until it is back. Alarms are not affected.",
    "redis": "Fires are not detected and alarms are delayed until it is back.",
}
_NAMES = {
    "camera": "The camera service",
    "inference": "Fire detection",
    "notifier": "The notifier",
    "face_auth": "The face service",
    "dashboard": "The dashboard",
    "redis": "The message queue (Redis)",
}


def name_of(part: str) -> str:
    """Return how people call a part."""
    return _NAMES.get(part, part)


def failed(part: str, reason: str) -> str:
    """Return the message that a part failed and is being restarted."""
    return f"⚠️ {name_of(part)} failed: {reason}.\n{_MEANS.get(part, '')} It is being restarted automatically."


def unreachable(part: str) -> str:
    """Return the message that a part which this program does not run is away."""
    return f"⚠️ {name_of(part)} is unreachable.\n{_MEANS.get(part, '')} Check the machine or container that runs it."


def works_again(part: str, seconds: float) -> str:
    """Return the message that a part works again."""
    return f"✅ {name_of(part)} works again after {_span(seconds)}."


def refused_configuration(part: str) -> str:
    """Return the message that a part does not start because of its configuration."""
    return (
        f"⚠️ {name_of(part)} rejects the configuration and does not start.\n{_MEANS.get(part, '')} "
        "Run `hackai config check` on the machine; it is tried again every minute."
    )


def queue_repaired(kept: str, *, truncated: bool) -> str:
    """Return the message that the log of the streams was damaged."""
    lost = "The part before the damage was kept" if truncated else "Nothing of it could be used"
    return (
        f"⚠️ The message queue on disk was damaged. {lost}; the damaged files are in {kept}.\n"
        "Alarms that had reached the notifier are safe. Check the disk or the power supply of this machine."
    )


def disk_low(free: int, *, deleted: int, reserve: bool) -> str:
    """Return the message that the disk is nearly full."""
    did = [f"the {deleted} oldest recordings were deleted"] if deleted else []
    did += ["the emergency reserve was released"] if reserve else []
    done = f" {' and '.join(did).capitalize()}." if did else ""
    return (
        f"⚠️ The disk is almost full: {free // 1_000_000} MB free.{done}\n"
        "Detection and alarms go on; pictures and clips may be missing. Free space on this machine."
    )


def disk_fine(seconds: float) -> str:
    """Return the message that there is room again."""
    return f"✅ The disk has enough free space again after {_span(seconds)}."


def queue_in_memory() -> str:
    """Return the message that the streams are no longer written to disk."""
    return (
        "⚠️ The disk cannot be written: the message queue now runs in memory only.\n"
        "Detection and alarms go on, but alarms not yet delivered would be lost in a power cut. "
        "Free space on this machine."
    )


def queue_on_disk(seconds: float) -> str:
    """Return the message that the streams are written to disk again."""
    return f"✅ The message queue is written to disk again after {_span(seconds)}."


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
