"""Which TensorRT does the host have? The container brings its own; the driver must fit both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hackai_standalone.doctor.finding import Finding, Patient

NAME = "tensorrt"
#: What the image of L4T 35.4.1 brings.
IN_THE_IMAGE = "8.5.2"
_PACKAGE = re.compile(r"^Package: libnvinfer(\d+)\n(?:.+\n)*?Version: ([^\n]+)$", re.MULTILINE)


def installed_version(status: str) -> str | None:
    """Return the version of libnvinfer in the text of ``/var/lib/dpkg/status``, such as ``8.5.2-1+cuda11.4``."""
    match = _PACKAGE.search(status)
    return None if match is None else match.group(2)


def check(_patient: Patient, root: Path = Path("/")) -> Iterable[Finding]:
    """Compare the host's version with the image's: a difference is no fault, but it explains figures that differ."""
    try:
        version = installed_version((root / "var/lib/dpkg/status").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        version = None
    if version is None:
        yield Finding(NAME, "ok", f"not installed on the host; the image brings {IN_THE_IMAGE}")
    elif version.startswith(IN_THE_IMAGE):
        yield Finding(NAME, "ok", f"{version} on the host, {IN_THE_IMAGE} in the image")
    else:
        yield Finding(
            NAME,
            "warning",
            f"{version} on the host, {IN_THE_IMAGE} in the image: plans are built for the image's",
            "nothing to do; do not copy plans made with trtexec on the host",
        )
