"""Uploaded pictures: counted, decoded, named for messages only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from fastapi import UploadFile

from hackai_face_auth.engine.pictures import decode_picture
from hackai_face_auth.engine.video import FRAMES_PER_S, Frame, is_video, sample_frames
from hackai_face_auth.enrolment import Photo
from hackai_shared.problems import Problem
from hackai_shared.serving.decoding import ImageError


async def read_photos(files: Sequence[UploadFile], *, most: int) -> list[Photo]:
    """Return uploads as photos.

    Raises:
        Problem: 422 for none or too many.
    """
    if not 1 <= len(files) <= most:
        raise Problem(422, f"{len(files)} pictures were sent, 1 to {most} are taken", kind="pictures")
    return [Photo(_label(file, number), await file.read()) for number, file in enumerate(files, start=1)]


def decode_frames(photos: Sequence[Photo], *, max_pixels: int, most: int, seconds: float | None) -> list[Frame]:
    """Return the frames of a login with their times, a single video taken apart; blocking.

    Pictures are taken to be evenly spread over ``seconds``; where nobody says, over an eighth of a second each.

    Raises:
        Problem: 422 for one that is no picture.
    """
    spacing = (seconds / len(photos)) if seconds is not None else 1 / FRAMES_PER_S
    frames: list[Frame] = []
    for number, photo in enumerate(photos):
        try:
            if len(photos) == 1 and is_video(photo.data):
                return sample_frames(photo.data, most=most)
            frames.append(Frame(decode_picture(photo.data, max_pixels=max_pixels), number * spacing))
        except ImageError as error:
            raise Problem(422, f"{photo.label}: {error}", kind="picture") from error
    return frames


def _label(file: UploadFile, number: int) -> str:
    """Return how messages call an upload: its last path component without anything unprintable. It is never opened."""
    name = PurePath((file.filename or "").replace("\\", "/")).name
    printable = "".join(character for character in name if character.isprintable())[:60]
    return printable if printable not in ("", ".", "..") else f"picture {number}"
