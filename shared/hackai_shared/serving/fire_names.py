"""What detectors and label files call fire and smoke, in whatever case."""

from __future__ import annotations

_KNOWN = {"fire": "fire", "flame": "fire", "flames": "fire", "smoke": "smoke"}
KNOWN_NAMES = tuple(_KNOWN)


def fire_kind(name: str) -> str:
    """Return ``fire`` or ``smoke`` for one of their names (``Fire``, ``FLAME``, ``Smoke``), another name as it is."""
    return _KNOWN.get(name.strip().lower(), name)
