"""From a package to a session: the plan for exactly this device out of the store, or built and stored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional

import structlog

from hackai_inference.runtimes.errors import RuntimeUnavailable
from hackai_inference.runtimes.tensorrt.bindings import Bindings, load_bindings
from hackai_inference.runtimes.tensorrt.builder import WORKSPACE_MB, BuildError, build_plan, flags_of, make_logger
from hackai_inference.runtimes.tensorrt.cuda_thread import CudaThread, DeviceFacts
from hackai_inference.runtimes.tensorrt.executor import Executor, PlanRejected
from hackai_inference.runtimes.tensorrt.permit import Permit
from hackai_inference.runtimes.tensorrt.plan_key import PlanKey, Precision, Profile
from hackai_inference.runtimes.tensorrt.plan_store import PlanStore
from hackai_inference.runtimes.tensorrt.sealed import SealError
from hackai_inference.runtimes.tensorrt.session import TensorRtSession
from hackai_shared.jetson.release import Release, ReleaseError, why_unsupported
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.session import SessionError, choose_variant

log = structlog.get_logger(__name__)

INT8_VARIANT = "int8-trt"
DEFAULT_PROFILE = Profile()


@dataclass(frozen=True)
class Gpu:
    """The bindings, the thread that owns the device, and what the device is."""

    bindings: Bindings
    thread: CudaThread
    facts: DeviceFacts


def connect(bindings: Bindings) -> Gpu:
    """Start the CUDA thread.

    Raises:
        RuntimeUnavailable: there is no GPU that CUDA can use.
    """
    thread = CudaThread(bindings.cuda)
    return Gpu(bindings, thread, thread.start())


@lru_cache(maxsize=None)
def this_gpu() -> Gpu:
    """Return the GPU of this process: one context, one thread, however many models.

    Raises:
        RuntimeUnavailable: this host, its bindings or its GPU cannot be used; the message says why.
    """
    try:
        reason = why_unsupported(Release.of_this_host())
    except ReleaseError as error:
        reason = f"/etc/nv_tegra_release: {error}"
    if reason is not None:
        raise RuntimeUnavailable(reason)
    return connect(load_bindings())


class PlanLoader:
    """Opens sessions on one GPU with the plans of one state folder."""

    def __init__(self, gpu: Gpu, state_dir: Path, *, profile: Profile = DEFAULT_PROFILE) -> None:
        """May raise RuntimeUnavailable: the key of the sealed plans cannot be used."""
        self._gpu = gpu
        self._profile = profile
        try:
            self._store = PlanStore(state_dir)
        except (SealError, OSError) as error:
            raise RuntimeUnavailable(f"TensorRT plans cannot be kept: {error}") from error

    def key(self, package: ModelPackage, variant: str, precision: Optional[Precision] = None) -> PlanKey:
        """Return what the plan of a variant depends on; without ``precision`` FP16, or INT8 for ``int8-trt``.

        Raises:
            PackageError: the package has no such variant.
            SessionError: INT8 of a variant that was not made for it.
        """
        entry, _ = package.variant(variant)
        natural: Precision = "int8" if variant == INT8_VARIANT else "fp16"
        chosen = natural if precision is None else precision
        if (chosen == "int8") != (variant == INT8_VARIANT):
            raise SessionError(f"TensorRT runs {INT8_VARIANT} in INT8 and nothing else; {variant} in {chosen} is wrong")
        spec = package.manifest.input
        return PlanKey(
            model_sha256=entry.sha256,
            tensorrt=self._gpu.bindings.version,
            compute_capability=self._gpu.facts.compute_capability,
            device=self._gpu.facts.name,
            precision=chosen,
            input_shape=(spec.height, spec.width, 3) if spec.layout == "NHWC" else (3, spec.height, spec.width),
            profile=self._profile,
            workspace_mb=WORKSPACE_MB,
            flags=flags_of(chosen),
        )

    def choose(self, package: ModelPackage, wanted: str) -> str:
        """Return the variant to run: ``auto`` is INT8 where the gate permits it on this device, else FP16 of ``fp32``.

        Raises:
            PackageError: the wanted one is missing, or the package has none for TensorRT.
        """
        if wanted == "auto" and self.permit(package) is not None:
            return INT8_VARIANT
        return choose_variant(package, "tensorrt", wanted)

    def permit(self, package: ModelPackage) -> Optional[Permit]:
        """Return the passed gate report for the package's INT8 variant on this device, if there is one."""
        if INT8_VARIANT not in package.manifest.variants:
            return None
        permit = self._store.permit(self.key(package, INT8_VARIANT))
        return permit if permit is not None and permit.passed else None

    def keep_permit(self, package: ModelPackage, permit: Permit) -> None:
        """Keep the report of the gate beside the INT8 plan."""
        self._store.keep_permit(self.key(package, INT8_VARIANT), permit)

    def open(
        self,
        package: ModelPackage,
        variant: str,
        precision: Optional[Precision] = None,
        *,
        gated: bool = True,
    ) -> TensorRtSession:
        """Open a session; builds the plan if there is none for this device. ``gated=False`` is for the gate itself.

        Raises:
            PackageError: the package has no such variant.
            SessionError: INT8 without a permit, or TensorRT cannot build or run the plan.
        """
        key = self.key(package, variant, precision)
        if gated and key.precision == "int8" and self.permit(package) is None:
            raise SessionError(
                f"{package.id} {variant} has not passed the gate on this device; measure it with "
                "`hackai bench --gate --pictures FOLDER`, or leave inference.variant: auto, which takes FP16"
            )
        plan = self._store.plan(key)
        if plan is not None:
            try:
                return self._start(package, key, plan)
            except PlanRejected as error:
                log.warning("stored plan is rejected, it is built anew", model=package.id, error=str(error))
        try:
            return self._start(package, key, self._build(package, variant, key))
        except PlanRejected as error:
            raise SessionError(f"TensorRT rejects the plan that it has just built: {error}") from error

    def _build(self, package: ModelPackage, variant: str, key: PlanKey) -> bytes:
        _, path = package.variant(variant)
        trt = self._gpu.bindings.trt
        timing = self._store.timing(key)
        try:
            built = self._gpu.thread.run(
                lambda: build_plan(
                    trt,
                    make_logger(trt),
                    path.read_bytes(),
                    input_name=package.manifest.input.name,
                    input_shape=key.input_shape,
                    profile=key.profile,
                    precision=key.precision,
                    workspace_mb=key.workspace_mb,
                    timing=timing,
                )
            )
        except BuildError as error:
            raise SessionError(f"{package.id} {variant}: {error}") from error
        try:
            self._store.keep_plan(key, built.plan)
            self._store.keep_timing(key, built.timing)
        except OSError as error:  # a full disk costs the next start some minutes, not this one its model
            log.error("the plan cannot be kept and will be built again", error=str(error))
        return built.plan

    def _start(self, package: ModelPackage, key: PlanKey, plan: bytes) -> TensorRtSession:
        trt, cuda = self._gpu.bindings.trt, self._gpu.bindings.cuda
        spec = package.manifest.input
        executor = self._gpu.thread.run(
            lambda: Executor(
                trt,
                cuda,
                make_logger(trt),
                plan,
                input_name=spec.name,
                input_shape=key.input_shape,
                input_dtype=spec.dtype,
                outputs=list(package.manifest.outputs.items()),
                max_batch=key.profile.maximum,
            )
        )
        label = f"{key.device} sm_{key.compute_capability.replace('.', '')}, TensorRT {key.tensorrt}, {key.precision}"
        return TensorRtSession(self._gpu.thread, executor, spec, label)
