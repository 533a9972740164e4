"""How often a job looked at the pictures that nothing is chosen on: every look is told, also one that was repeated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

LOOKS = "looks.json"


def count_looks(out: Path, more: Mapping[str, int]) -> dict[str, int]:
    """Adds looks (set -> variants that are judged on it) to those of the job's folder, and returns all of them.

    Call it before looking: a job that is killed meanwhile has looked.
    """
    path = out / LOOKS
    counted = Counter(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else Counter[str]()
    counted.update({name: count for name, count in more.items() if count})
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(dict(counted), indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
    return dict(counted)
