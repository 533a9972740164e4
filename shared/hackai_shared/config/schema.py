"""The whole of ``config.yml``."""

from __future__ import annotations

from typing import Dict

from pydantic import Field, field_validator

from hackai_shared.config.base import Section
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.config.canary import CanaryConfig
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.faces import FacesConfig
from hackai_shared.config.notifications import NotifierConfig
from hackai_shared.config.site import DashboardConfig
from hackai_shared.messages import CameraId
from hackai_shared.reserved import RESERVED_PREFIX


class HackAIConfig(Section):
    """Everything that is not a secret and not an address."""

    cameras: Dict[CameraId, CameraConfig] = Field(description="the cameras by id")
    inference: InferenceConfig = Field(default_factory=InferenceConfig, description="models and confirmation")
    notifier: NotifierConfig = Field(default_factory=NotifierConfig, description="whom to tell")
    canary: CanaryConfig = Field(
        default_factory=CanaryConfig, description="the proof, every few minutes, that a fire would be told"
    )
    dashboard: DashboardConfig = Field(default_factory=DashboardConfig, description="the page on the network")
    faces: FacesConfig = Field(default_factory=FacesConfig, description="who may log in")

    @field_validator("cameras")
    @classmethod
    def _no_reserved_ids(cls, cameras: Dict[CameraId, CameraConfig]) -> Dict[CameraId, CameraConfig]:
        reserved = [camera_id for camera_id in cameras if camera_id.startswith(RESERVED_PREFIX)]
        if reserved:
            raise ValueError(f"ids that begin with {RESERVED_PREFIX} are the product's own: {', '.join(reserved)}")
        return cameras
