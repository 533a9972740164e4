"""An address that answers one picture each time it is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx

from hackai_camera.pictures import Picture, still_picture
from hackai_camera.sources.base import OnBad, Pace, SourceError, SourceFrame
from hackai_camera.sources.http_camera import HttpCamera, kind_of
from hackai_camera.stills import PictureError
from hackai_shared.config.cameras import SnapshotSource

# So many pictures in a row that cannot be used are no disturbance any more.
MAX_BAD = 10


class Snapshot:
    """Asks for a picture at every beat of ``interval_s``; one that comes late makes the next one no later."""

    def __init__(self, config: SnapshotSource, on_bad: OnBad) -> None:
        self._config = config
        self._on_bad = on_bad
        self._camera: HttpCamera | None = None

    def open(self) -> Pace:
        """Prepare to ask.

        Raises:
            SourceError: the address cannot be used.
        """
        config = self._config
        try:
            self._camera = HttpCamera(
                config.url.get_secret_value(),
                connect_s=config.timeout_s,
                read_s=config.timeout_s,
                token=None if config.token is None else config.token.get_secret_value(),
                tls_verify=config.tls_verify,
            )
        except (httpx.InvalidURL, ValueError, TypeError):  # "from None": they quote the address
            raise SourceError("the address cannot be used") from None
        return Pace.LIVE

    def frames(self) -> Iterator[SourceFrame]:
        """Iterate over the pictures, for ever.

        Raises:
            SourceError: no answer in time, a refusal, or no usable picture several times in a row.
        """
        bad, due_s = 0, time.monotonic()
        while True:
            try:
                picture = self._picture()
            except PictureError as error:
                bad += 1
                self._on_bad(str(error))
                if bad > MAX_BAD:
                    raise SourceError(f"{bad} answers in a row were no picture, the last one: {error}") from None
            else:
                bad = 0
                yield SourceFrame(picture, media_s=None)
            due_s = max(due_s + self._config.interval_s, time.monotonic())
            time.sleep(max(0.0, due_s - time.monotonic()))

    def close(self) -> None:
        """Close the connection."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _picture(self) -> Picture:
        """Return the answer to one question.

        Raises:
            SourceError: there is none.
            PictureError: it is no usable picture.
        """
        assert self._camera is not None
        end_s = time.monotonic() + self._config.timeout_s
        data = bytearray()
        with self._camera.ask() as answer:
            if kind_of(answer).startswith("multipart/"):
                raise SourceError("the address sends a stream, not one picture: use type pyav for it")
            for part in answer.iter_bytes():
                data += part
                if len(data) > self._config.max_bytes:
                    raise PictureError(f"larger than {self._config.max_bytes} bytes (max_bytes)")
                if time.monotonic() > end_s:
                    raise SourceError(f"no whole picture within {self._config.timeout_s:g} s")
        return still_picture(bytes(data))
