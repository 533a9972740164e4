"""OpenVINO on the CPU: an optional extra, faster than ONNX Runtime for some networks and processors. Measure first."""

from __future__ import annotations

import threading
from typing import Any, Dict, List, Tuple

import numpy as np
import openvino

from hackai_shared.serving.package import ModelPackage, PackageError
from hackai_shared.serving.session import SessionError


class OpenVinoSession:
    """One compiled model; each thread has a request of its own, since a request runs one picture at a time."""

    runtime = "openvino"

    def __init__(self, package: ModelPackage, variant: str, *, threads: int = 1) -> None:
        _, path = package.variant(variant)
        self._roles: List[Tuple[str, str]] = list(package.manifest.outputs.items())
        spec = package.manifest.input
        self._input = spec.name
        self._dtype = np.dtype(spec.dtype)
        self._shape = (spec.height, spec.width, 3) if spec.layout == "NHWC" else (3, spec.height, spec.width)
        options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        # bfloat16 or float16 where the processor has it would move the probabilities: the judge measured float32.
        options["INFERENCE_PRECISION_HINT"] = "f32"
        try:
            self._model: Any = openvino.Core().compile_model(str(path), "CPU", options)
        except RuntimeError as error:
            raise SessionError(f"OpenVINO cannot load {path}: {error}") from error
        self.device = str(self._model.get_property("EXECUTION_DEVICES")[0])
        self._local = threading.local()
        self._check_interface(str(path))

    def run(self, tensor: "np.ndarray[Any, Any]") -> Dict[str, "np.ndarray[Any, Any]"]:
        """See :class:`hackai_shared.serving.session.InferenceSession`."""
        # OpenVINO takes any bytes for a tensor; what does not fit must not become an answer.
        if tensor.shape[1:] != self._shape or tensor.dtype != self._dtype:
            raise SessionError(f"a tensor {tensor.shape} {tensor.dtype} does not fit (N, {self._shape}) {self._dtype}")
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._model.create_infer_request()
        try:
            request.infer({self._input: tensor})
        except RuntimeError as error:
            raise SessionError(f"OpenVINO: {error}") from error
        # Copied: the request's own buffers hold the next result soon.
        return {role: np.array(request.get_tensor(name).data) for role, name in self._roles}

    def close(self) -> None:
        """See :class:`hackai_shared.serving.session.InferenceSession`."""

    def _check_interface(self, path: str) -> None:
        inputs = {name for port in self._model.inputs for name in port.names}
        outputs = {name for port in self._model.outputs for name in port.names}
        if self._input not in inputs:
            raise PackageError(f"{path}: no input {self._input!r}, the graph has {sorted(inputs)}")
        missing = {name for _, name in self._roles} - outputs
        if missing:
            raise PackageError(f"{path}: no outputs {sorted(missing)}, the graph has {sorted(outputs)}")
