"""Where the things that ship with the project are."""

from __future__ import annotations

import os
from pathlib import Path

BUNDLED_CLIP = Path(__file__).parent / "clip" / "demo.mp4"


def models_dir() -> Path:
    """Return the folder of the model packages: HACKAI_MODELS_DIR, else ``models`` here or above this package."""
    given = os.environ.get("HACKAI_MODELS_DIR")
    if given:
        return Path(given)
    candidates = [Path.cwd() / "models", *(parent / "models" for parent in Path(__file__).resolve().parents)]
    return next((path for path in candidates if any(path.glob("*/*/manifest.json"))), candidates[0])
