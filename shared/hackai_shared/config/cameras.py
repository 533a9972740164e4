"""``cameras:``: what to watch."""

from __future__ import annotations

import shlex
from typing import Dict, List, Optional, Union

from pydantic import AfterValidator, Field, SecretStr, model_validator
from typing_extensions import Annotated, Literal

from hackai_shared.config.base import PathText, Seconds, Section, SourceAddress, WebAddress
from hackai_shared.config.watching import CameraDetectionConfig


class _Source(Section):
    pass


def _is_shell_text(pipeline: str) -> str:
    try:
        shlex.split(pipeline)
    except ValueError as error:
        raise ValueError(f"cannot be split into words: {error}") from None
    return pipeline


def _often_enough(fps: float) -> float:
    if fps < 0.001:
        raise ValueError("at least one picture in 1000 s: 0.001")
    return fps


Rate = Annotated[float, Field(gt=0), AfterValidator(_often_enough)]


class PyavSource(_Source):
    """Anything that FFmpeg opens."""

    type: Literal["pyav"] = Field("pyav", description="decode with FFmpeg (PyAV)")
    url: SourceAddress = Field(
        description="rtsp://…, http(s)://… (MJPEG or a file), a device such as /dev/video0, or the path of a video file"
    )
    loop: bool = Field(False, description="files only: begin again at the end; one that ends otherwise is a fault")
    paced: bool = Field(True, description="files only: play in real time instead of as fast as possible")
    options: Dict[str, str] = Field(default_factory=dict, description="FFmpeg options, e.g. rtsp_transport: udp")
    open_timeout_s: Seconds = Field(10.0, description="give up opening after so many seconds")
    read_timeout_s: Seconds = Field(5.0, description="give up reading after so many seconds")


class SnapshotSource(_Source):
    """An address that answers one picture each time it is asked."""

    type: Literal["snapshot"] = Field("snapshot", description="ask an http(s) address for one picture after the other")
    url: WebAddress = Field(description="http(s)://[user:password@]…; the password is sent as the camera asks for it")
    token: Optional[SecretStr] = Field(
        None, min_length=1, description="sent as a bearer token instead of a password, e.g. ${CAMERA_TOKEN}"
    )
    # A fire watch that looks less often is none: a camera that was not judged for 10 s is reported.
    interval_s: float = Field(1.0, ge=0.1, le=5, description="seconds between two pictures")
    timeout_s: float = Field(5.0, ge=0.1, le=30, description="give up asking after so many seconds")
    tls_verify: bool = Field(True, description="https only: false accepts a certificate that the camera made itself")
    max_bytes: int = Field(16_000_000, ge=10_000, le=64_000_000, description="larger answers are not read")


class GstreamerSource(_Source):
    """A GStreamer pipeline in a process of its own: CSI cameras and the hardware decoder of a Jetson.

    Exactly one of ``csi``, ``url`` and ``pipeline``.
    """

    type: Literal["gstreamer"] = Field("gstreamer", description="run gst-launch-1.0")
    csi: Optional[int] = Field(None, ge=0, le=15, description="number of a CSI camera of a Jetson")
    url: Optional[SourceAddress] = Field(None, description="rtsp://…, decoded by the Jetson's hardware (NVDEC)")
    codec: Literal["h264", "h265"] = Field("h264", description="url only: what the camera sends")
    pipeline: Optional[Annotated[str, Field(min_length=1), AfterValidator(_is_shell_text)]] = Field(
        None, description="elements of your own that end in video/x-raw, e.g. v4l2src device=/dev/video0"
    )
    width: int = Field(1280, ge=64, le=3840, multiple_of=4, description="pixels, a multiple of 4")
    height: int = Field(720, ge=64, le=2160, multiple_of=2, description="pixels, even")
    fps: int = Field(30, ge=1, le=120, description="csi only: frames per second of the sensor's mode")
    flip: int = Field(0, ge=0, le=7, description="csi and url: flip-method of nvvidconv, e.g. 2 for upside down")
    open_timeout_s: Seconds = Field(15.0, description="give up when no frame came after so many seconds")
    read_timeout_s: Seconds = Field(5.0, description="give up when the next frame takes so many seconds")

    @model_validator(mode="after")
    def _one_input(self) -> "GstreamerSource":
        given = [name for name in ("csi", "url", "pipeline") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of csi, url and pipeline, not {given or 'none'}")
        return self


class ImagesSource(_Source):
    """A folder of pictures, in the order of their names."""

    type: Literal["images"] = Field("images", description="show the pictures of a folder")
    folder: PathText = Field(description="folder with JPEG, PNG or WebP pictures")
    loop: bool = Field(False, description="begin again at the end")
    fps: Rate = Field(2.0, le=120, description="pictures per second")


class PatternSource(_Source):
    """A synthetic picture, for drills and tests."""

    type: Literal["pattern"] = Field("pattern", description="generate pictures")
    pattern: Literal["room", "fire", "noise", "black"] = Field("room", description="what to draw")
    fps: Rate = Field(10.0, le=120, description="pictures per second")
    width: int = Field(640, ge=64, le=3840, description="pixels")
    height: int = Field(360, ge=64, le=2160, description="pixels")
    seconds: Optional[Seconds] = Field(None, description="end after so many seconds; endless without")


Source = Annotated[
    Union[PyavSource, SnapshotSource, GstreamerSource, ImagesSource, PatternSource], Field(discriminator="type")
]


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
    fps: Rate = Field(10.0, le=60, description="frames per second at most that are published and judged")
    max_width: int = Field(
        1280, ge=160, le=3840, description="wider pictures are scaled down before they are published"
    )
    jpeg_quality: int = Field(85, ge=30, le=100, description="JPEG quality of published frames")
    buffer_seconds: float = Field(30.0, ge=0, le=300, description="seconds of frames kept in memory for clips")
    stale_after_s: Seconds = Field(
        10.0, description="without a new frame for so long the source is killed and opened again"
    )
    detection: CameraDetectionConfig = Field(
        default_factory=CameraDetectionConfig, description="masks, zones, schedules, threshold and budget"
    )
    faults: FaultsConfig = Field(
        default_factory=FaultsConfig, description="frozen, dark, covered, defocused, moved, offline: who is told what"
    )
