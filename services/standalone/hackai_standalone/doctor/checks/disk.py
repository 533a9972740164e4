"""Is there room for incidents, and may we write it?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable

from hackai_standalone.doctor.finding import Finding, Patient

NAME = "disk"
NEEDED_MB = 500


def check(patient: Patient) -> Iterable[Finding]:
    """Write a file into the data folder and look at the free space."""
    try:
        patient.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=patient.data_dir) as file:
            file.write(b"x")
    except OSError as error:
        yield Finding(
            NAME, "problem", f"{patient.data_dir}: {error.strerror}", "give the user the right to write there"
        )
        return
    free_mb = shutil.disk_usage(patient.data_dir).free // 2**20
    if free_mb < NEEDED_MB:
        yield Finding(
            NAME, "problem", f"{patient.data_dir}: {free_mb} MB free, {NEEDED_MB} needed", "delete old incidents"
        )
    else:
        yield Finding(NAME, "ok", f"{patient.data_dir}: {free_mb} MB free")
