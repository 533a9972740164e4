"""What a plan depends on: when any of it changes, the plan is built anew."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Tuple

from typing_extensions import Literal

Precision = Literal["fp32", "fp16", "int8"]
#: Counts the ways in which :mod:`.graph` changes a graph and :mod:`.builder` builds it.
RECIPE = 1


@dataclass(frozen=True)
class Profile:
    """The batch sizes of a plan's optimisation profile; kernels are chosen for ``optimum``."""

    minimum: int = 1
    optimum: int = 1
    maximum: int = 4


@dataclass(frozen=True)
class PlanKey:
    """Identifies a plan."""

    model_sha256: str
    tensorrt: str
    compute_capability: str
    device: str
    precision: Precision
    input_shape: Tuple[int, ...]
    """Without the batch."""
    profile: Profile
    workspace_mb: int
    flags: Tuple[str, ...]
    recipe: int = RECIPE

    def document(self) -> bytes:
        """Return the key as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the document: the name of the plan's file."""
        return hashlib.sha256(self.document()).hexdigest()
