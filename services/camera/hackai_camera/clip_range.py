"""Which frames a clip consists of. Pure: what the buffer holds comes in as arguments."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_camera.ring import Span
from hackai_shared.envelope import Frame


class ClipUnavailable(Exception):
    """There is no such clip; ``span`` says what there is."""

    def __init__(self, message: str, span: Span | None) -> None:
        self.span = span
        there_is = "nothing is" if span is None else f"available: {span.from_s:.3f}..{span.to_s:.3f} s"
        super().__init__(f"{message}; {there_is}{' in the buffer' if span is None else ''}")


class TooEarly(ClipUnavailable):
    """The end of the range has not happened yet; ask again in ``wait_s`` seconds."""

    def __init__(self, message: str, span: Span | None, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__(message, span)


class NotBuffered(ClipUnavailable):
    """No frame of the range is in the buffer, and none will be."""


def check_clip(frames: Sequence[Frame], span: Span | None, to_s: float, horizon_s: float | None) -> Sequence[Frame]:
    """Return ``frames`` (what the buffer holds of the range) if that is all that there will ever be of it.

    ``horizon_s`` is the stream time up to which everything that happened is in the buffer; None when nothing more will
    come, because the source has ended or started anew.

    Raises:
        TooEarly: ``to_s`` lies in the future.
        NotBuffered: there is no frame.
    """
    if horizon_s is not None and to_s > horizon_s:
        raise TooEarly(f"{to_s:g} s is still to come", span, to_s - horizon_s)
    if not frames:
        raise NotBuffered("no frame of this range is in the buffer", span)
    return frames
