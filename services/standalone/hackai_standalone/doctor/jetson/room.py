"""Is there room for the image, for a build of plans, and in memory?"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from hackai_shared.jetson.memory import read_available_mb
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "room"
#: The base image is about 5 GB packed and twice that unpacked; ours adds less than 1 GB.
IMAGE_GB = 14
#: One service with CUDA, TensorRT and a build of a plan (workspace 512 MB); an estimate until a board was measured.
BUILD_MB = 2500


def check(_patient: Patient, root: Path = Path("/")) -> Iterable[Finding]:
    """Look at the disk where Docker keeps images, and at the memory that CPU and GPU share."""
    images = next(path for path in (root / "var/lib/docker", root / "var/lib", root) if path.exists())
    free_gb = shutil.disk_usage(images).free // 2**30
    if free_gb < IMAGE_GB:
        yield Finding(
            NAME,
            "warning",
            f"{free_gb} GB free where Docker keeps images, {IMAGE_GB} GB are needed for the first build",
            "docker system prune, or move /var/lib/docker to an SSD; ignore it once the image is built",
        )
    else:
        yield Finding(NAME, "ok", f"{free_gb} GB free where Docker keeps images")
    available_mb = read_available_mb(root)
    if available_mb is not None and available_mb < BUILD_MB:
        yield Finding(
            NAME,
            "warning",
            f"{available_mb} MB of memory available, {BUILD_MB} MB wanted while plans are built",
            "stop the desktop: sudo systemctl set-default multi-user.target, then reboot",
        )
    elif available_mb is not None:
        yield Finding(NAME, "ok", f"{available_mb} MB of memory available")
