"""The HTTP edge of the camera service."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from hackai_camera.camera import Camera
from hackai_camera.cameras import Cameras
from hackai_camera.clip import ClipError
from hackai_camera.clip_maker import ClipMaker, TooManyClips
from hackai_camera.clip_range import ClipUnavailable, NotBuffered, TooEarly
from hackai_camera.viewers import TooManyViewers
from hackai_shared.clock import frame_age_s
from hackai_shared.envelope import Frame
from hackai_shared.health import Health
from hackai_shared.messages import CameraStatus
from hackai_shared.metrics import Metrics
from hackai_shared.problems import PROBLEM_RESPONSES, Problem
from hackai_shared.seated_stream import SeatedStream
from hackai_shared.security import Gate
from hackai_shared.web import create_app

# Longer clips than this are no alarm any more, and would keep the encoder busy for others.
MAX_CLIP_S = 120.0
BOUNDARY = "frame"
# How often a view that gets no frames looks whether its viewer is still there.
VIEW_HEARTBEAT_S = 1.0
RETRY_AFTER_S = 2

CameraIdPath = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="id of a camera")]
StreamSeconds = Annotated[float, Query(ge=0, le=1e9, allow_inf_nan=False, description="stream time in seconds")]
Epoch = Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$", description="only frames of this start of the source")]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_MULTIPART = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
_NO_FRAME: dict[int | str, dict[str, Any]] = {
    503: {**PROBLEM_RESPONSES["4XX"], "description": "No frame yet; `Retry-After` says when to ask again"}
}


def create_camera_app(
    cameras: Cameras, clips: ClipMaker, health: Health, metrics: Metrics, gate: Gate | None = None
) -> FastAPI:
    """Return the application: status, snapshot, live view and clip of each camera."""
    app = create_app(
        "camera", "Cameras: status, snapshots, live view, clips", health=health, metrics=metrics, gate=gate
    )

    def find(camera_id: str) -> Camera:
        if camera_id not in cameras:
            raise Problem(404, f"there is no enabled camera {camera_id}", kind="unknown-camera", cameras=[*cameras])
        return cameras[camera_id]

    @app.get("/v1/cameras", tags=["cameras"], summary="How all cameras do")
    async def list_cameras() -> list[CameraStatus]:
        return [camera.status() for camera in cameras.values()]

    @app.get("/v1/cameras/{camera_id}", tags=["cameras"], summary="How one camera does")
    async def show_camera(camera_id: CameraIdPath) -> CameraStatus:
        return find(camera_id).status()

    @app.get(
        "/v1/cameras/{camera_id}/snapshot.jpg",
        tags=["pictures"],
        summary="The newest frame, as it was published",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": _BINARY}, "description": "A JPEG"}, **_NO_FRAME},
    )
    async def snapshot(camera_id: CameraIdPath) -> Response:
        frame = find(camera_id).newest
        if frame is None:
            raise Problem(
                503, "there is no frame yet", kind="no-frame-yet", headers={"Retry-After": str(RETRY_AFTER_S)}
            )
        return Response(frame.jpeg, media_type="image/jpeg", headers=_frame_headers(frame))

    @app.get(
        "/v1/cameras/{camera_id}/stream.mjpg",
        tags=["pictures"],
        summary="Live view: each viewer gets the newest frame, a slow one skips frames",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {f"multipart/x-mixed-replace; boundary={BOUNDARY}": _BINARY},
                "description": "JPEG after JPEG",
            }
        },
    )
    async def stream(camera_id: CameraIdPath, request: Request) -> StreamingResponse:
        viewers = find(camera_id).viewers
        try:
            viewers.take_seat()
        except TooManyViewers as error:
            raise Problem(429, str(error), kind="too-many-viewers", headers={"Retry-After": "10"}) from error

        async def parts() -> AsyncIterator[bytes]:
            async for frame in viewers.follow(VIEW_HEARTBEAT_S):
                if frame is not None:
                    yield _part(frame)
                elif await request.is_disconnected():
                    return

        return SeatedStream(parts(), viewers.leave_seat, media_type=_MULTIPART, headers={"Cache-Control": "no-store"})

    @app.get(
        "/v1/cameras/{camera_id}/clip.mp4",
        tags=["pictures"],
        summary="An MP4 of frames that are still in memory",
        description=(
            "425 while `to` is still to come (`Retry-After` says when), 404 when nothing of the range is in memory. "
            "What is there of a range whose beginning has left the memory, or of a source that has ended, is returned: "
            "`X-Clip-From` and `X-Clip-To` say what it is."
        ),
        response_class=Response,
        responses={200: {"content": {"video/mp4": _BINARY}, "description": "An MP4 (H.264)"}},
    )
    async def clip(
        camera_id: CameraIdPath,
        from_s: Annotated[StreamSeconds, Query(alias="from")],
        to_s: Annotated[StreamSeconds, Query(alias="to")],
        epoch: Epoch = None,
    ) -> Response:
        camera = find(camera_id)
        _check_range(from_s, to_s)
        try:
            frames = camera.clip_frames(from_s, to_s, epoch)
            video = await clips.make(frames)
        except ClipUnavailable as error:
            raise _clip_problem(error) from error
        except TooManyClips as error:
            raise Problem(
                429, str(error), kind="too-many-clips", headers={"Retry-After": str(RETRY_AFTER_S)}
            ) from error
        except ClipError as error:
            raise Problem(409, str(error), kind="clip-failed") from error
        first, last = frames[0].header, frames[-1].header
        headers = {
            "Cache-Control": "no-store",
            "X-Clip-From": f"{first.stream_s:.3f}",
            "X-Clip-To": f"{last.stream_s:.3f}",
            "X-Clip-Frames": str(len(frames)),
        }
        return Response(video, media_type="video/mp4", headers=headers)

    return app


def _check_range(from_s: float, to_s: float) -> None:
    if from_s > to_s:
        raise Problem(422, f"from ({from_s:g}) is later than to ({to_s:g})", kind="validation")
    if to_s - from_s > MAX_CLIP_S:
        raise Problem(422, f"{to_s - from_s:g} s are more than the {MAX_CLIP_S:g} s of a clip", kind="validation")


def _clip_problem(error: ClipUnavailable) -> Problem:
    available = None if error.span is None else {"from": error.span.from_s, "to": error.span.to_s}
    if isinstance(error, TooEarly):
        wait = str(max(1, math.ceil(min(error.wait_s, 3600))))
        return Problem(425, str(error), kind="too-early", headers={"Retry-After": wait}, available=available)
    assert isinstance(error, NotBuffered)
    return Problem(404, str(error), kind="not-buffered", available=available)


def _frame_headers(frame: Frame) -> dict[str, str]:
    header = frame.header
    return {
        "Cache-Control": "no-store",
        "X-Frame-Epoch": header.epoch,
        "X-Frame-Sequence": str(header.sequence),
        "X-Frame-Captured-At": header.captured_at.isoformat(),
        "X-Frame-Stream-Seconds": f"{header.stream_s:.3f}",
        "X-Frame-Age": f"{frame_age_s(header):.3f}",
    }


def _part(frame: Frame) -> bytes:
    head = (
        f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame.jpeg)}\r\n"
        f"X-Frame-Sequence: {frame.header.sequence}\r\n\r\n"
    )
    return b"".join((head.encode(), frame.jpeg, b"\r\n"))
