"""Runs a plan: named tensors, pinned host buffers, one stream. Every method belongs to the CUDA thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from hackai_shared.serving.session import SessionError

Array = "np.ndarray[Any, Any]"


class PlanRejected(RuntimeError):
    """TensorRT does not take this plan, or it does not fit its package: build it anew."""


@dataclass
class _Tensor:
    """One input or output with room for the largest batch, in pinned memory and on the device."""

    name: str
    host: Any
    device: Any


class Executor:
    """One engine with its context, stream and buffers."""

    def __init__(
        self,
        trt: Any,
        cuda: Any,
        logger: Any,
        plan: bytes,
        *,
        input_name: str,
        input_shape: Tuple[int, ...],
        input_dtype: str,
        outputs: Sequence[Tuple[str, str]],
        max_batch: int,
    ) -> None:
        """``outputs`` are pairs of role and name of the tensor.

        Raises:
            PlanRejected: see there.
            SessionError: there is not enough memory.
        """
        self._cuda = cuda
        self._outputs = list(outputs)
        self.max_batch = max_batch
        self._runtime = trt.Runtime(logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise PlanRejected("TensorRT does not take the plan: " + logger.why())
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        wanted = {input_name, *(name for _, name in self._outputs)}
        if set(names) != wanted:
            raise PlanRejected(f"the plan has the tensors {sorted(names)}, the package {sorted(wanted)}")
        largest = tuple(self._engine.get_tensor_profile_shape(input_name, 0)[2])
        if largest != (max_batch, *input_shape):
            raise PlanRejected(f"the plan takes {largest} at most, {(max_batch, *input_shape)} is wanted")
        dtypes = _dtypes(trt)
        found = dtypes.get(self._engine.get_tensor_dtype(input_name))
        if found != np.dtype(input_dtype):
            raise PlanRejected(f"the plan takes {found}, the package says {input_dtype}")
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise SessionError("TensorRT: no execution context, out of memory? " + logger.why())
        self._input_name = input_name
        self._shape: Optional[Tuple[int, ...]] = None
        self._tensors: Dict[str, _Tensor] = {}
        self._stream: Any = None
        try:
            self._stream = cuda.Stream()
            self._reshape(largest)
            for name in names:
                shape = largest if name == input_name else tuple(self._context.get_tensor_shape(name))
                dtype = dtypes.get(self._engine.get_tensor_dtype(name))
                if dtype is None:
                    raise PlanRejected(f"{name} has a type that NumPy does not know")
                self._allocate(name, shape, dtype)
        except cuda.Error as error:
            self.free()
            raise SessionError(f"CUDA: {error}; is there enough memory?") from error
        except (PlanRejected, SessionError):
            self.free()
            raise

    def run(self, tensor: "np.ndarray[Any, Any]") -> Dict[str, "np.ndarray[Any, Any]"]:
        """Return the outputs by role for at most ``max_batch`` pictures, as arrays of their own.

        Raises:
            SessionError: CUDA or TensorRT failed.
        """
        count = len(tensor)
        cuda, stream = self._cuda, self._stream
        entry = self._tensors[self._input_name]
        try:
            self._reshape(tensor.shape)
            entry.host[:count] = tensor
            cuda.memcpy_htod_async(entry.device, entry.host[:count], stream)
            if not self._context.execute_async_v3(stream.handle):
                raise SessionError("TensorRT: the execution could not be enqueued")
            for _, name in self._outputs:
                result = self._tensors[name]
                cuda.memcpy_dtoh_async(result.host[:count], result.device, stream)
            stream.synchronize()
        except cuda.Error as error:
            raise SessionError(f"CUDA: {error}") from error
        # Copied: the pinned buffers hold the next result soon.
        return {role: self._tensors[name].host[:count].copy() for role, name in self._outputs}

    def free(self) -> None:
        """Free everything, in the order in which it depends on each other; may be called again."""
        self._context = None
        tensors, self._tensors = list(self._tensors.values()), {}
        for tensor in tensors:
            tensor.device.free()
            tensor.host.base.free()
        self._stream = None
        self._engine = None
        self._runtime = None

    def _reshape(self, shape: Tuple[int, ...]) -> None:
        if shape == self._shape:
            return
        self._shape = None
        if not self._context.set_input_shape(self._input_name, tuple(shape)):
            raise SessionError(f"TensorRT does not take an input of {tuple(shape)}")
        missing: List[str] = self._context.infer_shapes()
        if missing:
            raise SessionError(f"TensorRT cannot infer the shapes of {missing}")
        self._shape = tuple(shape)

    def _allocate(self, name: str, shape: Tuple[int, ...], dtype: "np.dtype[Any]") -> None:
        host = self._cuda.pagelocked_empty(shape, dtype)
        try:
            device = self._cuda.mem_alloc(host.nbytes)
        except self._cuda.Error:
            host.base.free()
            raise
        self._tensors[name] = _Tensor(name, host, device)
        if not self._context.set_tensor_address(name, int(device)):
            raise PlanRejected(f"TensorRT does not take a buffer for {name}")


def _dtypes(trt: Any) -> Dict[Any, "np.dtype[Any]"]:
    # trt.nptype() of 8.5 uses np.bool, which NumPy 1.24 removed.
    names = {"FLOAT": "float32", "HALF": "float16", "INT32": "int32", "INT8": "int8", "UINT8": "uint8", "BOOL": "bool"}
    return {getattr(trt.DataType, key): np.dtype(name) for key, name in names.items() if hasattr(trt.DataType, key)}
