"""What all sources have in common: the protocol, its currency and its error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from hackai_camera.pictures import Picture

OnBad = Callable[[str], None]
"""Told the reason for each picture that was skipped because it is damaged."""


class SourceError(Exception):
    """The source cannot be opened or read; the message carries no credentials."""


class Pace(Enum):
    """Who decides when the next frame is due."""

    LIVE = "live"
    """The world: frames have no media time, and one that comes too fast is lost."""
    REAL_TIME = "real time"
    """The timestamps of the media: it plays at its own speed, as if it were live."""
    UNPACED = "unpaced"
    """The consumer: the next frame is read when the last one was taken, none is lost."""


@dataclass(frozen=True)
class SourceFrame:
    """One picture of a source, not yet encoded."""

    picture: Picture
    media_s: float | None
    """Seconds of media time, not decreasing, also over loops; None for a live source."""


class FrameSource(Protocol):
    """Used by one thread, once: open, iterate, close."""

    def open(self) -> Pace:
        """Open the source within its time-out.

        Raises:
            SourceError: it cannot be opened.
        """

    def frames(self) -> Iterator[SourceFrame]:
        """Iterate until the source has ended, which a live source never does.

        Raises:
            SourceError: it cannot be read any further.
        """

    def close(self) -> None:
        """Release what ``open`` took; callable at any time by the same thread."""
