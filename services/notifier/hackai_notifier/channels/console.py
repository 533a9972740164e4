"""The console channel: lines on standard output, pictures and clips in a folder."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import TextIO

from hackai_notifier.channels.base import Delivery, Receipt, TemporaryFailure
from hackai_notifier.texts.wording import plain

_FILES = {"photo": "photo.jpg", "update_photo": "update_photo.jpg", "clip": "clip.mp4"}


class ConsoleChannel:
    """Prints what the others send; ``detail`` of the receipt is the path of a picture or clip."""

    def __init__(self, folder: Path, *, keep: int, out: TextIO | None = None) -> None:
        self._folder = folder.absolute()
        self._keep = keep
        self._out = out

    async def send(self, delivery: Delivery) -> Receipt:
        """Print the text; store the picture or clip and print its path.

        Raises:
            TemporaryFailure: the folder cannot be written or the output is closed.
        """
        try:
            return await asyncio.to_thread(self._write, delivery)
        except OSError as error:
            raise TemporaryFailure(f"console: {error}") from error

    async def close(self) -> None:
        """Do nothing."""

    def _write(self, delivery: Delivery) -> Receipt:
        text = plain(delivery.text)
        path = ""
        if delivery.media is not None:
            stored = self._store(delivery.incident.file_name, _FILES[delivery.step], delivery.media)
            path = str(stored)
            text = f"{text}\n{path}"
        out = self._out or sys.stdout
        # One write, so that lines of different incidents do not mix.
        out.write("".join(f"{line}\n" for line in text.splitlines()))
        out.flush()
        return Receipt(message_id=None, detail=path)

    def _store(self, incident: str, name: str, data: bytes) -> Path:
        folder = self._folder / incident
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        unfinished = path.with_suffix(f"{path.suffix}.part")
        unfinished.write_bytes(data)
        unfinished.rename(path)  # whoever watches the folder never sees half a picture
        self._prune()
        return path

    def _prune(self) -> None:
        folders = sorted((entry for entry in self._folder.iterdir() if entry.is_dir()), key=lambda e: e.stat().st_mtime)
        for folder in folders[: max(0, len(folders) - self._keep)]:
            shutil.rmtree(folder)
