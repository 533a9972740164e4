"""Can Docker give the GPU to a container?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from hackai_standalone.doctor.finding import Finding, Patient

NAME = "container runtime"
INSTALL = "sudo apt-get install nvidia-container && sudo nvidia-ctk runtime configure --runtime=docker"
RESTART = "then: sudo systemctl restart docker"


def check(_patient: Patient, root: Path = Path("/")) -> Iterable[Finding]:
    """Look for NVIDIA's runtime and whether the daemon knows it."""
    if not (root / "usr/bin/nvidia-container-runtime").exists():
        yield Finding(NAME, "problem", "the NVIDIA container runtime is not installed", f"{INSTALL}; {RESTART}")
        return
    path = root / "etc/docker/daemon.json"
    try:
        daemon = json.loads(path.read_text(encoding="utf-8"))
        known = "nvidia" in daemon.get("runtimes", {})
    except FileNotFoundError:
        known = False
    except (OSError, ValueError, AttributeError, TypeError) as error:
        yield Finding(NAME, "problem", f"/etc/docker/daemon.json cannot be read: {error}", "mend it: it must be JSON")
        return
    if not known:
        yield Finding(
            NAME,
            "problem",
            "Docker does not know the runtime nvidia (/etc/docker/daemon.json)",
            f"sudo nvidia-ctk runtime configure --runtime=docker; {RESTART}",
        )
        return
    yield Finding(NAME, "ok", "Docker knows the runtime nvidia")
