"""``cameras:``: what to watch."""

from __future__ import annotations

from typing import Dict, List, Optional, Union

from pydantic import Field, SecretStr
from typing_extensions import Annotated, Literal

from hackai_shared.config.base import Section
from hackai_shared.config.watching import CameraDetectionConfig


class _Source(Section):
    pass


class PyavSource(_Source):
    """Anything that FFmpeg opens."""

    type: Literal["pyav"] = Field("pyav", description="decode with FFmpeg (PyAV)")
    url: SecretStr = Field(
        description="rtsp://…, http(s)://… (MJPEG or a file), a device such as /dev/video0, or the path of a video file"
    )
    loop: bool = Field(False, description="files only: begin again at the end")
    paced: bool = Field(True, description="files only: play in real time instead of as fast as possible")
    options: Dict[str, str] = Field(default_factory=dict, description="FFmpeg options, e.g. rtsp_transport: udp")
    open_timeout_s: float = Field(10.0, gt=0, description="give up opening after so many seconds")
    read_timeout_s: float = Field(5.0, gt=0, description="give up reading after so many seconds")


class ImagesSource(_Source):
    """A folder of pictures, in the order of their names."""

    type: Literal["images"] = Field("images", description="show the pictures of a folder")
    folder: str = Field(description="folder with JPEG, PNG or WebP pictures")
    loop: bool = Field(False, description="begin again at the end")
    fps: float = Field(2.0, gt=0, le=120, description="pictures per second")


class PatternSource(_Source):
    """A synthetic picture, for drills and tests."""

    type: Literal["pattern"] = Field("pattern", description="generate pictures")
    pattern: Literal["room", "fire", "noise", "black"] = Field("room", description="what to draw")
    fps: float = Field(10.0, gt=0, le=120, description="pictures per second")
    width: int = Field(640, ge=64, le=3840, description="pixels")
    height: int = Field(360, ge=64, le=2160, description="pixels")
    seconds: Optional[float] = Field(None, gt=0, description="end after so many seconds; endless without")


Source = Annotated[Union[PyavSource, ImagesSource, PatternSource], Field(discriminator="type")]


CameraFault = Literal["offline", "frozen", "dark", "covered", "defocused", "moved"]


class FaultsConfig(Section):
    """Watching whether a camera still sees what it should."""

    enabled: bool = Field(True, description="false: nobody is told about this camera's faults")
    ignore: List[CameraFault] = Field(
        default_factory=list, description="faults that are normal here, e.g. [dark] for a cellar without light"
    )
    offline_after_s: float = Field(
        20.0, gt=0, le=3600, description="seconds without a frame after which people are told"
    )


class CameraConfig(Section):
    """One camera."""

    name: Optional[str] = Field(None, min_length=1, max_length=80, description="what people read; default: the id")
    enabled: bool = Field(True, description="false: neither opened nor watched")
    source: Source = Field(description="where the pictures come from")
    fps: float = Field(10.0, gt=0, le=60, description="frames per second at most that are published and judged")
    max_width: int = Field(
        1280, ge=160, le=3840, description="wider pictures are scaled down before they are published"
    )
    jpeg_quality: int = Field(85, ge=30, le=100, description="JPEG quality of published frames")
    buffer_seconds: float = Field(30.0, ge=0, le=300, description="seconds of frames kept in memory for clips")
    stale_after_s: float = Field(
        10.0, gt=0, description="without a new frame for so long the source is killed and opened again"
    )
    detection: CameraDetectionConfig = Field(
        default_factory=CameraDetectionConfig, description="masks, zones, schedules, threshold and budget"
    )
    faults: FaultsConfig = Field(
        default_factory=FaultsConfig, description="frozen, dark, covered, defocused, moved, offline: who is told what"
    )
