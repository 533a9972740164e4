"""Is this a Jetson, and does its L4T release fit the image?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hackai_shared.jetson.release import IMAGE, Release, ReleaseError, is_jetson, why_unsupported
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "board"


def check(_patient: Patient, root: Path = Path("/")) -> Iterable[Finding]:
    """Compare the release of the host with that of the image."""
    if not is_jetson(root):
        yield Finding(NAME, "problem", "this is no Jetson", "run hackai doctor without --jetson, or on the board")
        return
    try:
        release = Release.of_this_host(root)
    except ReleaseError as error:
        yield Finding(NAME, "problem", f"/etc/nv_tegra_release: {error}", "flash JetPack 5.1.x again")
        return
    reason = why_unsupported(release)
    if reason is not None:
        yield Finding(NAME, "problem", reason, "flash JetPack 5.1.x (L4T 35) with NVIDIA's SDK Manager")
        return
    yield Finding(NAME, "ok", f"{_model(root)}: L4T {release}, which runs the image of L4T {IMAGE}")


def _model(root: Path) -> str:
    try:
        return (root / "proc/device-tree/model").read_text(encoding="utf-8").rstrip("\0\n")
    except OSError:
        return "a Jetson"
