"""Builds a plan from an ONNX graph: takes minutes on a Jetson, and says how it is getting on."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, List, Optional, Tuple, Type

import structlog

from hackai_inference.runtimes.tensorrt.graph import graph_for_tensorrt
from hackai_inference.runtimes.tensorrt.plan_key import Precision, Profile

log = structlog.get_logger(__name__)

#: Memory for tactics: a Xavier NX shares 8 GB between CPU and GPU.
WORKSPACE_MB = 512
PROGRESS_S = 15.0


class BuildError(RuntimeError):
    """TensorRT refused the graph or could not build it; the message holds its reasons."""


@dataclass(frozen=True)
class BuiltPlan:
    """A plan with the timing cache that its build left."""

    plan: bytes
    timing: bytes
    seconds: float


def flags_of(precision: Precision) -> Tuple[str, ...]:
    """Return the builder flags of a precision: INT8 always with FP16, or layers without INT8 kernels run in FP32."""
    return {"fp32": (), "fp16": ("FP16",), "int8": ("FP16", "INT8")}[precision]


def build_plan(
    trt: Any,
    logger: Any,
    data: bytes,
    *,
    input_name: str,
    input_shape: Tuple[int, ...],
    profile: Profile,
    precision: Precision,
    workspace_mb: int = WORKSPACE_MB,
    timing: bytes = b"",
) -> BuiltPlan:
    """Build; ``data`` is the ONNX file of a variant, ``input_shape`` its input without the batch.

    Runs on the CUDA thread. Parsing and building release the GIL.

    Raises:
        BuildError: TensorRT refused the graph or could not build it.
    """
    began = time.monotonic()
    builder = trt.Builder(logger)
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(graph_for_tensorrt(data)):
        reasons = [str(parser.get_error(index)) for index in range(parser.num_errors)]
        raise BuildError("TensorRT does not take the graph: " + ("; ".join(reasons) or logger.why()))
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace_mb * 2**20)
    _set_flags(trt, config, precision)
    batches = (profile.minimum, profile.optimum, profile.maximum)
    shapes = builder.create_optimization_profile()
    shapes.set_shape(input_name, *((batch, *input_shape) for batch in batches))
    config.add_optimization_profile(shapes)
    cache = config.create_timing_cache(timing)
    if cache is not None:  # None: what was kept cannot be used
        config.set_timing_cache(cache, ignore_mismatch=False)
    with _Progress(precision):
        plan = builder.build_serialized_network(network, config)
    if plan is None:  # this is how TensorRT reports a failure; the reason is in its log
        raise BuildError("TensorRT cannot build the plan: " + logger.why())
    kept = config.get_timing_cache()
    seconds = time.monotonic() - began
    log.info("plan built", precision=precision, seconds=round(seconds, 1), megabytes=round(plan.nbytes / 1e6, 1))
    return BuiltPlan(bytes(plan), b"" if kept is None else bytes(kept.serialize()), seconds)


def _network_flags(trt: Any) -> int:
    # Needed in 8.5, the only way in 10, and gone after it.
    explicit = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    return 0 if explicit is None else 1 << int(explicit)


def _set_flags(trt: Any, config: Any, precision: Precision) -> None:
    for name in flags_of(precision):
        flag = getattr(trt.BuilderFlag, name, None)
        if flag is None:  # from 11 on the graph's own types decide
            log.warning("this TensorRT takes the precision from the graph", missing_flag=name)
        else:
            config.set_flag(flag)


class _Progress:
    """Says every so often that the build goes on: a silent process looks dead, and IProgressMonitor begins with 8.6."""

    def __init__(self, precision: str) -> None:
        self._precision = precision
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="plan-progress", daemon=True)

    def __enter__(self) -> None:
        log.info("building a TensorRT plan, which takes minutes on a Jetson", precision=self._precision)
        self._thread.start()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._done.set()
        self._thread.join()

    def _tell(self) -> None:
        began = time.monotonic()
        while not self._done.wait(PROGRESS_S):
            log.info("still building", precision=self._precision, seconds=round(time.monotonic() - began))


def make_logger(trt: Any) -> Any:
    """Return a logger that TensorRT takes: everything goes to ours; ``why()`` tells the last errors."""
    levels = {
        trt.ILogger.INTERNAL_ERROR: "error",
        trt.ILogger.ERROR: "error",
        trt.ILogger.WARNING: "warning",
        trt.ILogger.INFO: "debug",
    }

    class TensorRtLogger(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)  # pybind11 wants it called on the class itself
            self.errors: List[str] = []

        def log(self, severity: Any, message: str) -> None:
            level = levels.get(severity)
            if level is None:  # verbose: a line per tensor
                return
            if level == "error":
                self.errors = [*self.errors[-4:], message.strip()]
            getattr(log, level)("tensorrt", message=message.strip())

        def why(self) -> str:
            return "; ".join(self.errors) or "it gave no reason"

    return TensorRtLogger()
