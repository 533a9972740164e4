"""Do the CSI cameras of the configuration have their daemon?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hackai_shared.config.cameras import GstreamerSource
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "csi"


def check(patient: Patient, root: Path = Path("/")) -> Iterable[Finding]:
    """Look for the socket of nvargus-daemon, which every CSI camera goes through."""
    cameras = patient.config.cameras if patient.config else {}
    wanted = [
        name
        for name, camera in cameras.items()
        if camera.enabled and isinstance(camera.source, GstreamerSource) and camera.source.csi is not None
    ]
    if not wanted:
        return
    if (root / "tmp/argus_socket").exists():
        yield Finding(NAME, "ok", f"nvargus-daemon is there for {', '.join(wanted)}")
        return
    yield Finding(
        NAME,
        "problem",
        f"{', '.join(wanted)}: /tmp/argus_socket does not exist, nvargus-daemon is not running",
        "sudo systemctl restart nvargus-daemon",
    )
