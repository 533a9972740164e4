"""The protocol of a runtime session, and the default one: ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Type

import numpy as np
import onnxruntime
from typing_extensions import Protocol

from hackai_shared.serving.package import ModelPackage, PackageError

# Best first. int8 is 1.5 times as fast as fp32 for SqueezeNet in ONNX Runtime on x86; int8-trt (s8s8) is slower than
# fp32 there, so it is never chosen by itself.
PREFERRED_VARIANTS: Mapping[str, Sequence[str]] = {
    "onnxruntime": ("int8", "fp32"),
    "openvino": ("int8", "fp32"),
    "tensorrt": ("fp32",),
}


class SessionError(RuntimeError):
    """A runtime cannot load or run a model."""


class InferenceSession(Protocol):
    """Runs one variant of one package."""

    runtime: str
    device: str

    def run(self, tensor: "np.ndarray[Any, Any]") -> Dict[str, "np.ndarray[Any, Any]"]:
        """Return the outputs by role (``logits`` (N,C), ``cam`` (N,C,h,w); ``boxes``, ``scores``) of an input tensor.

        Safe to call from several threads at once.

        Raises:
            SessionError: the runtime failed, or the tensor does not fit the graph.
        """
        ...  # pragma: no cover - protocol

    def close(self) -> None:
        """Free what the session holds."""
        ...  # pragma: no cover - protocol


def choose_variant(package: ModelPackage, runtime: str, wanted: str = "auto") -> str:
    """Return the variant of a package that a runtime should run.

    Raises:
        PackageError: the wanted one is missing, or the package has none for this runtime.
    """
    if wanted != "auto":
        package.variant(wanted)
        return wanted
    for name in PREFERRED_VARIANTS[runtime]:
        for known, variant in package.manifest.variants.items():
            if known == name and runtime in variant.runtimes:
                return name
    raise PackageError(f"{package.id} has no variant for {runtime}; it has {sorted(package.manifest.variants)}")


class OnnxRuntimeSession:
    """ONNX Runtime on the CPU.

    One thread per session by default: the service runs several requests side by side, which is faster than several
    threads in one. The memory arena stays, the pattern planner goes: batch sizes vary, and it would keep a plan per
    shape.
    """

    runtime = "onnxruntime"

    def __init__(self, package: ModelPackage, variant: str, *, threads: int = 1) -> None:
        _, path = package.variant(variant)
        self._roles: List[Tuple[str, str]] = list(package.manifest.outputs.items())
        self._input = package.manifest.input.name
        self._session = _open(path, threads)
        self.device = str(self._session.get_providers()[0])
        self._check_interface(path)

    def run(self, tensor: "np.ndarray[Any, Any]") -> Dict[str, "np.ndarray[Any, Any]"]:
        """See :class:`InferenceSession`."""
        try:
            values = self._session.run([name for _, name in self._roles], {self._input: tensor})
        except _RUNTIME_ERRORS as error:
            raise SessionError(f"ONNX Runtime: {error}") from error
        return {role: value for (role, _), value in zip(self._roles, values)}

    def close(self) -> None:
        """See :class:`InferenceSession`."""

    def _check_interface(self, path: Path) -> None:
        inputs = {value.name for value in self._session.get_inputs()}
        outputs = {value.name for value in self._session.get_outputs()}
        if self._input not in inputs:
            raise PackageError(f"{path}: no input {self._input!r}, the graph has {sorted(inputs)}")
        missing = {name for _, name in self._roles} - outputs
        if missing:
            raise PackageError(f"{path}: no outputs {sorted(missing)}, the graph has {sorted(outputs)}")


_RUNTIME_ERRORS: Tuple[Type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        kind
        for kind in vars(onnxruntime.capi.onnxruntime_pybind11_state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ),
)


def _open(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    # A spinning idle thread takes the core that the next camera needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _RUNTIME_ERRORS as error:
        raise SessionError(f"ONNX Runtime cannot load {path}: {error}") from error
