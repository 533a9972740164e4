"""Frames of a short video, such as a Telegram video note: in order, evenly, bounded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np

from hackai_face_auth.engine.faces import Pixels
from hackai_shared.serving.decoding import ImageError

# Dense enough to catch a blink of 0.3 s, sparse enough for one thread.
FRAMES_PER_S = 8.0
FEWEST_PER_S = 5.0
LONGEST_S = 60.0
MAX_SIDE_PX = 1920
LONGEST_PX = 720
# Bound of the work for a file that claims little and holds much.
MAX_DECODED = 2_000


def is_video(data: bytes) -> bool:
    """Return whether the bytes are an MP4 or QuickTime file (ISO base media: a box ``ftyp``)."""
    return data[4:8] == b"ftyp"


@dataclass(frozen=True)
class Frame:
    """One picture, ``(H, W, 3) uint8`` BGR, and when it was taken: seconds since the first."""

    picture: Pixels
    at_s: float


def sample_frames(data: bytes, *, most: int) -> list[Frame]:
    """Return up to ``most`` frames at up to 8 per second over the first minute; fewer per second where it is long.

    Raises:
        ImageError: not a video that can be decoded, or larger than 1920 pixels.
    """
    frames: list[Frame] = []
    try:
        with av.open(io.BytesIO(data), mode="r", format="mov,mp4,m4a,3gp,3g2,mj2") as container:
            if not container.streams.video:
                raise ImageError("the video has no picture")
            stream = container.streams.video[0]
            if max(stream.codec_context.width, stream.codec_context.height) > MAX_SIDE_PX:
                raise ImageError(f"the video is larger than {MAX_SIDE_PX} pixels")
            stream.thread_type = "NONE"
            length_s = min(LONGEST_S, (container.duration or 0) / av.time_base)
            # Fewer than five a second would miss a blink: of a longer film the end is left out instead.
            per_s = min(FRAMES_PER_S, max(FEWEST_PER_S, most / length_s)) if length_s > 0 else FRAMES_PER_S
            step, due = Fraction(1) / Fraction(per_s).limit_denominator(100), Fraction(0)
            for number, frame in enumerate(container.decode(stream)):
                at = Fraction(0) if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
                if number >= MAX_DECODED or at > LONGEST_S or len(frames) == most:
                    break
                if at >= due:
                    picture = _shrink(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
                    frames.append(Frame(picture, float(at)))
                    due = at + step
    except (av.error.FFmpegError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError("the video cannot be decoded") from error
    if not frames:
        raise ImageError("the video has no frame")
    return frames


def _shrink(picture: Pixels) -> Pixels:
    scale = LONGEST_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
