"""Cameras that nobody owns: the product itself shows a known fire under these ids, to prove that it would be seen."""

from __future__ import annotations

from typing import Dict

from typing_extensions import Literal

RESERVED_PREFIX = "hackai-"
CANARY_CAMERA = "hackai-canary"
DRILL_CAMERA = "hackai-drill"

FireKind = Literal["fire", "canary", "drill"]
_KINDS: Dict[str, FireKind] = {CANARY_CAMERA: "canary", DRILL_CAMERA: "drill"}


def incident_kind(camera_id: str) -> FireKind:
    """Return what a fire that this camera sees is: a fire, or the proof that one would be told."""
    return _KINDS.get(camera_id, "fire")
