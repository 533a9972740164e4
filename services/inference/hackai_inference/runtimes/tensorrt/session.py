"""The :class:`~hackai_shared.serving.session.InferenceSession` over an executor on the CUDA thread."""

from __future__ import annotations

import weakref
from typing import Any, Dict, List

import numpy as np

from hackai_inference.runtimes.tensorrt.cuda_thread import CudaStopped, CudaThread
from hackai_inference.runtimes.tensorrt.executor import Executor
from hackai_shared.serving.manifest import InputSpec
from hackai_shared.serving.session import SessionError


class TensorRtSession:
    """Callers of any thread wait for the CUDA thread; what it holds is freed there when nobody has the session."""

    runtime = "tensorrt"

    def __init__(self, thread: CudaThread, executor: Executor, spec: InputSpec, device: str) -> None:
        self.device = device
        self._thread = thread
        self._executor = executor
        self._dtype = np.dtype(spec.dtype)
        self._shape = (spec.height, spec.width, 3) if spec.layout == "NHWC" else (3, spec.height, spec.width)
        # The registry lets the former model go when its last picture is done: nobody calls close() then.
        self._free = weakref.finalize(self, thread.post, executor.free)
        self._free.atexit = False  # the thread gives the whole context back at the end

    def run(self, tensor: "np.ndarray[Any, Any]") -> Dict[str, "np.ndarray[Any, Any]"]:
        """See :class:`hackai_shared.serving.session.InferenceSession`."""
        if tensor.shape[1:] != self._shape or tensor.dtype != self._dtype or not len(tensor):
            raise SessionError(f"a tensor {tensor.shape} {tensor.dtype} does not fit (N, {self._shape}) {self._dtype}")
        if not self._free.alive:
            raise SessionError("the session is closed")
        executor = self._executor
        step = executor.max_batch
        parts = [tensor[start : start + step] for start in range(0, len(tensor), step)]
        try:
            results: List[Dict[str, Any]] = self._thread.run(lambda: [executor.run(part) for part in parts])
        except CudaStopped as error:
            raise SessionError(str(error)) from error
        if len(results) == 1:
            return results[0]
        return {role: np.concatenate([result[role] for result in results]) for role in results[0]}

    def close(self) -> None:
        """See :class:`hackai_shared.serving.session.InferenceSession`."""
        self._free()
