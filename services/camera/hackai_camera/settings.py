"""What the camera service reads from its environment."""

from __future__ import annotations

from pydantic import Field

from hackai_shared.settings import ServiceSettings


class CameraSettings(ServiceSettings):
    """``HACKAI_…`` variables of the camera service."""

    camera_port: int = Field(8081, ge=1, le=65535, description="TCP port of snapshots, live view and clips")
    camera_buffer_mib: int = Field(
        64,
        ge=1,
        le=4096,
        description="MiB of frames kept in memory per camera for clips, whatever buffer_seconds says",
    )
    camera_viewers: int = Field(8, ge=1, le=100, description="people who may watch one camera live at the same time")
    camera_may_end: bool = Field(
        False, description="true: a file that has ended did its work; else it is a camera that is offline"
    )
