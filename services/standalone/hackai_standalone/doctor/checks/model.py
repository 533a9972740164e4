"""Is the model package whole, and does it run here?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hackai_shared.serving.classifier import Classifier
from hackai_shared.serving.package import PackageError, open_package
from hackai_shared.serving.session import OnnxRuntimeSession, SessionError, choose_variant
from hackai_standalone.doctor.finding import Finding, Patient

NAME = "model"


def check(patient: Patient) -> Iterable[Finding]:
    """Verify the newest version of the configured model and run it once."""
    name = patient.config.inference.model if patient.config else "fire-classifier"
    versions = sorted((patient.models_dir / name).glob("*/manifest.json"), key=lambda path: _number(path.parent.name))
    if not versions:
        yield Finding(
            NAME, "problem", f"no package {name} in {patient.models_dir}", "set HACKAI_MODELS_DIR to the folder models/"
        )
        return
    try:
        package = open_package(versions[-1].parent)
        variant = choose_variant(package, "onnxruntime")
        classifier = Classifier(package, OnnxRuntimeSession(package, variant))
        spec = package.manifest.input
        classifier.classify([np.zeros((spec.height, spec.width, 3), np.uint8)])
    except (PackageError, SessionError) as error:
        yield Finding(NAME, "problem", str(error), "restore the package from the release (git checkout models/)")
        return
    yield Finding(NAME, "ok", f"{package.id} is whole and runs ({variant}, {classifier.session.device})")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1
