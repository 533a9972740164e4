"""Is the configuration valid, and does it watch anything?"""

from __future__ import annotations

from collections.abc import Iterable

from hackai_shared.config import ConfigError
from hackai_standalone.doctor.finding import Finding, Patient
from hackai_standalone.usable_config import load_usable_config

NAME = "configuration"


def check(patient: Patient) -> Iterable[Finding]:
    """Report every mistake of the file."""
    try:
        config = load_usable_config(patient.config_path, patient.models_dir, patient.environment)
    except ConfigError as error:
        for problem in error.problems:
            yield Finding(NAME, "problem", str(problem), "edit the file, then: hackai config check")
        return
    enabled = [camera for camera in config.cameras.values() if camera.enabled]
    if not enabled:
        yield Finding(NAME, "problem", f"{patient.config_path} has no enabled camera", "add one under cameras:")
        return
    yield Finding(NAME, "ok", f"{patient.config_path} is valid, {len(enabled)} cameras")
