"""The whole of ``config.yml``."""

from __future__ import annotations

from typing import Dict

from pydantic import Field

from hackai_shared.config.base import Section
from hackai_shared.config.cameras import CameraConfig
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.config.faces import FacesConfig
from hackai_shared.config.notifications import NotifierConfig
from hackai_shared.messages import CameraId


class HackAIConfig(Section):
    """Everything that is not a secret and not an address."""

    cameras: Dict[CameraId, CameraConfig] = Field(description="the cameras by id")
    inference: InferenceConfig = Field(default_factory=InferenceConfig, description="models and confirmation")
    notifier: NotifierConfig = Field(default_factory=NotifierConfig, description="whom to tell")
    faces: FacesConfig = Field(default_factory=FacesConfig, description="who may log in")
