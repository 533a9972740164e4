"""From the ``--source`` argument to the configuration of one camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hackai_shared.addresses import AddressError, read_address
from hackai_shared.redaction import redact_url

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


class SourceError(ValueError):
    """The argument names nothing that can be watched; the message says what would be."""


def source_config(argument: str) -> dict[str, Any]:
    """Return the ``source:`` section for a file, a folder of pictures, a URL, a device path or a device number.

    Raises:
        SourceError: nothing of that kind is there.
    """
    if argument.isdigit():
        return {"type": "pyav", "url": f"/dev/video{argument}"}
    if "://" in argument:
        try:
            read_address(argument)
        except AddressError as error:
            raise SourceError(f"{redact_url(argument)}: {error}") from None
        return {"type": "pyav", "url": argument}
    path = Path(argument).expanduser()
    if path.is_dir():
        if not any(child.suffix.lower() in PICTURES for child in path.iterdir()):
            raise SourceError(f"{argument}: the folder holds no pictures ({', '.join(sorted(PICTURES))})")
        return {"type": "images", "folder": str(path.resolve())}
    if path.exists():
        return {"type": "pyav", "url": str(path.resolve())}
    raise SourceError(
        f"{argument}: no such file or folder; give a video file, a folder of pictures, a URL (rtsp://, http://) or a "
        "device (/dev/video0, or its number)"
    )


def is_endless(argument: str) -> bool:
    """Return whether a source has no end of its own (a live URL or a device)."""
    return argument.isdigit() or argument.startswith("/dev/") or "://" in argument
