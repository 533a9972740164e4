"""What is kept between two starts: plans, timing caches, and the permits for INT8."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from pydantic import ValidationError

from hackai_inference.runtimes.tensorrt.permit import Permit
from hackai_inference.runtimes.tensorrt.plan_key import PlanKey
from hackai_inference.runtimes.tensorrt.sealed import SealedFolder


class PlanStore:
    """The engine volume. Local files only: no plan is ever taken from the network or from a model package."""

    def __init__(self, state_dir: Path) -> None:
        self._files = SealedFolder(state_dir / "engines", state_dir / "engines.key")

    def plan(self, key: PlanKey) -> Optional[bytes]:
        """Return the plan that was built for exactly this key, if there is one."""
        return self._files.read(f"{key.digest}.plan", key.document())

    def keep_plan(self, key: PlanKey, plan: bytes) -> None:
        """Keep a plan."""
        self._files.write(f"{key.digest}.plan", key.document(), plan)

    def timing(self, key: PlanKey) -> bytes:
        """Return the measurements of kernels of this TensorRT on this GPU; empty without any."""
        name = _timing_name(key)
        return self._files.read(name, name.encode()) or b""

    def keep_timing(self, key: PlanKey, timing: bytes) -> None:
        """Keep them for the next build, which they make faster."""
        name = _timing_name(key)
        self._files.write(name, name.encode(), timing)

    def permit(self, key: PlanKey) -> Optional[Permit]:
        """Return the permit to run an INT8 plan, if the gate gave one for exactly this key."""
        text = self._files.read(f"{key.digest}.permit.json", key.document())
        if text is None:
            return None
        try:
            return Permit.model_validate_json(text)
        except ValidationError:  # sealed by an older release with other fields: measure again
            return None

    def keep_permit(self, key: PlanKey, permit: Permit) -> None:
        """Keep the report of the gate beside the plan; one that did not pass takes an earlier permit away."""
        self._files.write(f"{key.digest}.permit.json", key.document(), permit.model_dump_json(indent=1).encode())


def _timing_name(key: PlanKey) -> str:
    return f"timing-{key.tensorrt}-sm{key.compute_capability.replace('.', '')}.cache"
