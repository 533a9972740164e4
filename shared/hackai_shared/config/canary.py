"""``canary:``: a known fire goes the whole way every few minutes."""

from __future__ import annotations

from pydantic import Field

from hackai_shared.config.base import Section


class CanaryConfig(Section):
    """The camera service shows a generated fire under a reserved id; that it is told is the proof that all works."""

    enabled: bool = Field(True, description="false: nothing notices when the chain from camera to outbox is broken")
    every_s: float = Field(300.0, ge=20, le=86_400, description="seconds between two of them")
    patience_s: float = Field(
        30.0, ge=5, le=3600, description="one that is later than this is missing, and the administrators are told"
    )
