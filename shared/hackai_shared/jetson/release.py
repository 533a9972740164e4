"""The L4T release of the host, from ``/etc/nv_tegra_release``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

_LINE = re.compile(r"#\s*R(\d+)\s*\(release\),\s*REVISION:\s*(\d+)\.(\d+)")
#: The JetPack 5 series, the last for a Xavier NX; the image of 35.4.1 runs on each of its hosts.
SUPPORTED_MAJOR = 35
IMAGE = "35.4.1"
#: JetPack 5.0, a developer preview.
PREVIEW_MAJOR = 34


class ReleaseError(ValueError):
    """The text is not that of ``/etc/nv_tegra_release``."""


@dataclass(frozen=True)
class Release:
    """An L4T release such as 35.4.1."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @staticmethod
    def parse(text: str) -> "Release":
        """Return the release in the text of ``/etc/nv_tegra_release``.

        Raises:
            ReleaseError: there is none in it.
        """
        match = _LINE.search(text)
        if match is None:
            raise ReleaseError(f"no L4T release in {text[:80]!r}")
        major, minor, patch = (int(part) for part in match.groups())
        return Release(major, minor, patch)

    @staticmethod
    def of_this_host(root: Path = Path("/")) -> "Optional[Release]":
        """Return the release of this host; None where it is no Jetson, or the file is not mounted.

        Raises:
            ReleaseError: the file holds something else.
        """
        try:
            return Release.parse((root / "etc/nv_tegra_release").read_text(encoding="utf-8", errors="replace"))
        except OSError:  # not there; or a folder, which Docker makes for a file that the host does not have
            return None


def is_jetson(root: Path = Path("/")) -> bool:
    """Return whether the chip is a Tegra, by what the kernel says, which containers see too."""
    try:
        return (root / "sys/devices/soc0/family").read_text(encoding="utf-8").strip() == "Tegra"
    except OSError:
        return (root / "etc/nv_tegra_release").is_file()


def why_unsupported(release: Optional[Release]) -> Optional[str]:
    """Return why TensorRT cannot run on a host with this release, and what to do; None if it can."""
    if release is None:
        return (
            "no L4T release: /etc/nv_tegra_release is missing. On a Jetson, start the container with "
            "docker-compose.jetson.yml, which mounts it; elsewhere, set inference.runtime: onnxruntime"
        )
    if release.major == PREVIEW_MAJOR:
        return f"L4T {release} is a developer preview; update to JetPack 5.1.x (L4T {SUPPORTED_MAJOR})"
    if release.major < SUPPORTED_MAJOR:
        return (
            f"L4T {release} (JetPack 4) has TensorRT 8.2 at most; flash JetPack 5.1.x (L4T {SUPPORTED_MAJOR}), "
            "the last series for a Xavier NX"
        )
    if release.major > SUPPORTED_MAJOR:
        return (
            f"L4T {release} (JetPack 6 or later) is for Orin; the driver does not fit the image of L4T {IMAGE}. "
            "Set inference.runtime: onnxruntime, or build an image for that release"
        )
    return None
