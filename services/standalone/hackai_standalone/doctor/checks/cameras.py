"""Can each camera be reached?"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from hackai_shared.addresses import AddressError, read_address
from hackai_shared.config.cameras import CameraConfig, GstreamerSource, ImagesSource, PyavSource, SnapshotSource
from hackai_shared.redaction import redact_url
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "cameras"
DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


def check(patient: Patient) -> Iterable[Finding]:
    """Look whether the file, the device or the host of each enabled camera is there."""
    for camera_id, camera in (patient.config.cameras if patient.config else {}).items():
        if camera.enabled:
            yield _examine(camera_id, camera)


def _examine(camera_id: str, camera: CameraConfig) -> Finding:
    source = camera.source
    if isinstance(source, ImagesSource):
        return _path(camera_id, Path(source.folder))
    if isinstance(source, GstreamerSource):
        return _gstreamer(camera_id)
    if not isinstance(source, PyavSource | SnapshotSource):
        return Finding(NAME, "ok", f"{camera_id}: synthetic pictures")
    url = source.url.get_secret_value()
    if "://" not in url:
        return _path(camera_id, Path(url))
    return _host(camera_id, url)


def _path(camera_id: str, path: Path) -> Finding:
    if not path.exists():
        hint = "is the camera plugged in? ls /dev/video*" if str(path).startswith("/dev/") else "mend the path"
        return Finding(NAME, "problem", f"{camera_id}: {path} does not exist", hint)
    if not os.access(path, os.R_OK):
        return Finding(NAME, "problem", f"{camera_id}: {path} may not be read", "add the user to the group video")
    return Finding(NAME, "ok", f"{camera_id}: {path} is there")


def _gstreamer(camera_id: str) -> Finding:
    if shutil.which("gst-launch-1.0") is None:
        return Finding(
            NAME,
            "problem",
            f"{camera_id}: gst-launch-1.0 is not installed here",
            "apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base",
        )
    return Finding(NAME, "ok", f"{camera_id}: gst-launch-1.0 is there")


def _host(camera_id: str, url: str) -> Finding:
    shown = redact_url(url)
    try:
        address = read_address(url)
    except AddressError as error:
        return Finding(NAME, "problem", f"{camera_id}: {shown}: {error}", "correct the address in config.yml")
    port = address.port or DEFAULT_PORTS.get(address.scheme, 0)
    try:
        with socket.create_connection((address.host, port), timeout=3):
            return Finding(NAME, "ok", f"{camera_id}: {shown} accepts connections")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such host"
        return Finding(
            NAME, "problem", f"{camera_id}: {shown}: {reason}", "check address, port and network; ping the camera"
        )
