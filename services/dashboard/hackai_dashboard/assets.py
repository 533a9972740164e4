"""Scripts and styles: read once, named by their content, cached by browsers for ever."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    data: bytes
    media_type: str


class Assets:
    """All files of a folder under ``<hash of all>/<name>``.

    One hash for all, because modules import each other by relative names: a page never mixes two versions.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        files = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
        self._assets = {name: Asset(path.read_bytes(), _media_type(path)) for name, path in files.items()}
        digest = hashlib.sha256()
        for name, asset in self._assets.items():
            digest.update(name.encode() + b"\0" + asset.data)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the address of a file.

        Raises:
            KeyError: there is none.
        """
        if name not in self._assets:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def find(self, path: str) -> Asset | None:
        """Return the file of ``<version>/<name>``; an old version gets the new file: better than none."""
        return self._assets.get(path.rpartition("/")[2])

    @property
    def total_bytes(self) -> int:
        """The size of all files."""
        return sum(len(asset.data) for asset in self._assets.values())


def _media_type(path: Path) -> str:
    return _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
