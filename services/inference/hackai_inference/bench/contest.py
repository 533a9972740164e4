"""What is measured: each variant of a package in each precision that the runtime gives it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, cast

from typing_extensions import Protocol

from hackai_inference.runtimes import open_session
from hackai_inference.runtimes.tensorrt.permit import Permit
from hackai_inference.runtimes.tensorrt.plan_key import Precision
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.session import InferenceSession


@dataclass(frozen=True)
class Contestant:
    """A variant in a precision."""

    variant: str
    precision: str


class Arena(Protocol):
    """A runtime as the benchmark sees it."""

    runtime: str
    #: What INT8 is compared with by the gate, and INT8 itself.
    reference: Contestant
    candidate: Contestant

    def contestants(self, package: ModelPackage) -> List[Contestant]:
        """Return what can be measured of a package."""
        ...  # pragma: no cover - protocol

    def open(self, package: ModelPackage, contestant: Contestant) -> InferenceSession:
        """Open a session, without asking the gate. Raises SessionError, PackageError."""
        ...  # pragma: no cover - protocol

    def activate(self, package: ModelPackage, permit: Permit) -> bool:
        """Keep the gate's report; return whether that makes the runtime take INT8 by itself."""
        ...  # pragma: no cover - protocol


class CpuArena:
    """ONNX Runtime or OpenVINO: they take INT8 by themselves, so there is nothing to activate."""

    reference = Contestant("fp32", "fp32")
    candidate = Contestant("int8", "int8")

    def __init__(self, runtime: str, threads: int) -> None:
        self.runtime = runtime
        self._threads = threads

    def contestants(self, package: ModelPackage) -> List[Contestant]:
        """See :class:`Arena`."""
        return [
            Contestant(name, variant.precision)
            for name, variant in package.manifest.variants.items()
            if self.runtime in variant.runtimes
        ]

    def open(self, package: ModelPackage, contestant: Contestant) -> InferenceSession:
        """See :class:`Arena`."""
        return open_session(package, self.runtime, contestant.variant, self._threads).session

    def activate(self, package: ModelPackage, permit: Permit) -> bool:
        """See :class:`Arena`."""
        del package, permit
        return False


class TensorRtArena:
    """TensorRT: FP16 of the FP32 file is the default, INT8 must earn its place."""

    runtime = "tensorrt"
    reference = Contestant("fp32", "fp16")
    candidate = Contestant("int8-trt", "int8")

    def __init__(self, state_dir: Path) -> None:
        """May raise RuntimeUnavailable: no Jetson, no bindings, or no GPU."""
        from hackai_inference.runtimes.tensorrt import loader

        self._plans = loader.PlanLoader(loader.this_gpu(), state_dir)

    def contestants(self, package: ModelPackage) -> List[Contestant]:
        """See :class:`Arena`."""
        wanted = (self.reference, self.candidate, Contestant("fp32", "fp32"))
        there = {name for name, variant in package.manifest.variants.items() if "tensorrt" in variant.runtimes}
        return [contestant for contestant in wanted if contestant.variant in there]

    def open(self, package: ModelPackage, contestant: Contestant) -> InferenceSession:
        """See :class:`Arena`."""
        precision = cast(Precision, contestant.precision)
        return self._plans.open(package, contestant.variant, precision, gated=False)

    def activate(self, package: ModelPackage, permit: Permit) -> bool:
        """See :class:`Arena`."""
        self._plans.keep_permit(package, permit)
        return permit.passed


def arena_of(runtime: str, threads: int, state_dir: Path) -> Arena:
    """Return the arena of a runtime. Raises RuntimeUnavailable."""
    return TensorRtArena(state_dir) if runtime == "tensorrt" else CpuArena(runtime, threads)


def newest_packages(models_dir: Path, name: Optional[str]) -> List[Path]:
    """Return the folder of the highest version of each model, or of one of them."""
    versions = [path.parent for path in models_dir.glob("*/*/manifest.json") if path.parent.name.isdecimal()]
    names = sorted({folder.parent.name for folder in versions if name in (None, folder.parent.name)})
    return [
        max((folder for folder in versions if folder.parent.name == known), key=lambda folder: int(folder.name))
        for known in names
    ]
