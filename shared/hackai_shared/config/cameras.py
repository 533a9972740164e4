"""``cameras:``: what to watch."""

from __future__ import annotations

from typing import Dict, List, Optional, Union

from pydantic import Field, SecretStr, model_validator
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


class GstreamerSource(_Source):
    """A GStreamer pipeline in a process of its own: CSI cameras and the hardware decoder of a Jetson.

    Exactly one of ``csi``, ``url`` and ``pipeline``.
    """

    type: Literal["gstreamer"] = Field("gstreamer", description="run gst-launch-1.0")
    csi: Optional[int] = Field(None, ge=0, le=15, description="number of a CSI camera of a Jetson")
    url: Optional[SecretStr] = Field(None, description="rtsp://…, decoded by the Jetson's hardware (NVDEC)")
    codec: Literal["h264", "h265"] = Field("h264", description="url only: what the camera sends")
    pipeline: Optional[str] = Field(
        None, min_length=1, description="elements of your own that end in video/x-raw, e.g. v4l2src device=/dev/video0"
    )
    width: int = Field(1280, ge=64, le=3840, multiple_of=4, description="pixels, a multiple of 4")
    height: int = Field(720, ge=64, le=2160, multiple_of=2, description="pixels, even")
    fps: int = Field(30, ge=1, le=120, description="csi only: frames per second of the sensor's mode")
    flip: int = Field(0, ge=0, le=7, description="csi and url: flip-method of nvvidconv, e.g. 2 for upside down")
    open_timeout_s: float = Field(15.0, gt=0, description="give up when no frame came after so many seconds")
    read_timeout_s: float = Field(5.0, gt=0, description="give up when the next frame takes so many seconds")

    @model_validator(mode="after")
    def _one_input(self) -> "GstreamerSource":
        given = [name for name in ("csi", "url", "pipeline") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of csi, url and pipeline, not {given or 'none'}")
        return self


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


Source = Annotated[Union[PyavSource, GstreamerSource, ImagesSource, PatternSource], Field(discriminator="type")]


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
