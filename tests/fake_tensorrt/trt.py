"""The named-tensor API of TensorRT 8.5 and 10: what both have, and nothing else."""

from __future__ import annotations

import base64
import json
from enum import IntEnum
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto

from fake_tensorrt.cuda import FakeCuda

MAGIC = b"FAKEPLAN"


class DataType(IntEnum):
    FLOAT = 0
    HALF = 1
    INT8 = 2
    INT32 = 3
    BOOL = 4
    UINT8 = 5


_TYPES = {TensorProto.FLOAT: DataType.FLOAT, TensorProto.UINT8: DataType.UINT8, TensorProto.INT32: DataType.INT32}


class ILogger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

    def log(self, severity: int, message: str) -> None:
        raise NotImplementedError


class FakeTensorRt:
    """The instance stands in for the module; ``generation`` 8 has EXPLICIT_BATCH, 11 has no precision flags."""

    ILogger = ILogger
    DataType = DataType

    def __init__(self, cuda: FakeCuda, version: str = "8.5.2.2") -> None:
        self.cuda = cuda
        self.__version__ = version
        generation = int(version.split(".", maxsplit=1)[0])
        self.NetworkDefinitionCreationFlag = SimpleNamespace(**({"EXPLICIT_BATCH": 0} if generation < 11 else {}))
        self.BuilderFlag = SimpleNamespace(**({"FP16": 0, "INT8": 1} if generation < 11 else {}))
        self.MemoryPoolType = SimpleNamespace(WORKSPACE=0)
        self.builds: list[dict[str, Any]] = []
        self.fail_build = False
        self.live = 0

    def Builder(self, logger: ILogger) -> Builder:
        self.cuda.note("builder")
        return Builder(self, logger)

    def OnnxParser(self, network: Network, logger: ILogger) -> Parser:
        self.cuda.note("parser")
        return Parser(network)

    def Runtime(self, logger: ILogger) -> Runtime:
        self.cuda.note("runtime")
        return Runtime(self, logger)


class Network:
    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.graph = b""


class Parser:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._errors: list[str] = []

    def parse(self, data: bytes) -> bool:
        graph = onnx.load_from_string(data).graph
        for value in graph.input:
            if value.type.tensor_type.elem_type == TensorProto.UINT8:
                self._errors += [
                    f"{node.name}: {node.op_type}: first input has type UInt8"
                    for node in graph.node
                    if value.name in node.input and node.op_type != "Cast"
                ]
        self._network.graph = data
        return not self._errors

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> str:
        return self._errors[index]


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[tuple[int, ...], ...]] = {}

    def set_shape(self, name: str, *shapes: tuple[int, ...]) -> None:
        assert len(shapes) == 3
        self.shapes[name] = shapes


class TimingCache:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def serialize(self) -> memoryview:
        return memoryview(self.data + b"t")


class Config:
    def __init__(self) -> None:
        self.flags: list[int] = []
        self.workspace = 0
        self.profile = Profile()
        self.cache: TimingCache | None = None

    def set_flag(self, flag: int) -> None:
        self.flags.append(flag)

    def set_memory_pool_limit(self, pool: int, size: int) -> None:
        self.workspace = size

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profile = profile
        return 0

    def create_timing_cache(self, data: bytes) -> TimingCache:
        return TimingCache(data)

    def set_timing_cache(self, cache: TimingCache, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch
        self.cache = cache
        return True

    def get_timing_cache(self) -> TimingCache | None:
        return self.cache


class Plan(bytes):
    """``IHostMemory``."""

    @property
    def nbytes(self) -> int:
        return len(self)


class Builder:
    def __init__(self, trt: FakeTensorRt, logger: ILogger) -> None:
        self._trt = trt
        self._logger = logger

    def create_network(self, flags: int) -> Network:
        return Network(flags)

    def create_builder_config(self) -> Config:
        return Config()

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Network, config: Config) -> Plan | None:
        self._trt.cuda.note("build")
        if self._trt.fail_build:
            self._logger.log(ILogger.ERROR, "no implementation for node /Conv")
            return None
        assert config.cache is not None
        self._trt.builds.append(
            {
                "network_flags": network.flags,
                "flags": config.flags,
                "workspace": config.workspace,
                "timing": config.cache.data,
                "shapes": config.profile.shapes,
            }
        )
        document = {
            "version": self._trt.__version__,
            "shapes": config.profile.shapes,
            "graph": base64.b64encode(network.graph).decode(),
        }
        return Plan(MAGIC + json.dumps(document).encode())


class Runtime:
    def __init__(self, trt: FakeTensorRt, logger: ILogger) -> None:
        self._trt = trt
        self._logger = logger

    def deserialize_cuda_engine(self, plan: bytes) -> Engine | None:
        self._trt.cuda.note("deserialize")
        assert isinstance(plan, bytes)
        if not plan.startswith(MAGIC):
            self._logger.log(ILogger.ERROR, "magic tag does not match")
            return None
        document = json.loads(plan[len(MAGIC) :])
        if document["version"] != self._trt.__version__:
            self._logger.log(ILogger.ERROR, "the engine plan file is not compatible with this version of TensorRT")
            return None
        return Engine(self._trt, document)


class Engine:
    def __init__(self, trt: FakeTensorRt, document: dict[str, Any]) -> None:
        self._trt = trt
        self._shapes = {name: tuple(map(tuple, shapes)) for name, shapes in document["shapes"].items()}
        self._graph = base64.b64decode(document["graph"])
        graph = onnx.load_from_string(self._graph).graph
        self.inputs = [value.name for value in graph.input]
        self.outputs = [value.name for value in graph.output]
        values = (*graph.input, *graph.output)
        self._types = {value.name: _TYPES[value.type.tensor_type.elem_type] for value in values}
        self.dims = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values}
        trt.live += 1

    def __del__(self) -> None:
        self._trt.live -= 1

    @cached_property
    def session(self) -> Any:
        """What computes."""
        return onnxruntime.InferenceSession(self._graph, providers=["CPUExecutionProvider"])

    @property
    def num_io_tensors(self) -> int:
        return len(self._types)

    def get_tensor_name(self, index: int) -> str:
        return list(self._types)[index]

    def get_tensor_dtype(self, name: str) -> DataType:
        return self._types[name]

    def get_tensor_profile_shape(self, name: str, profile: int) -> Any:
        assert profile == 0
        return self._shapes[name]

    def create_execution_context(self) -> ExecutionContext:
        self._trt.cuda.note("execution context")
        return ExecutionContext(self._trt, self)


class ExecutionContext:
    def __init__(self, trt: FakeTensorRt, engine: Engine) -> None:
        self._trt = trt
        self._engine = engine
        self._addresses: dict[str, int] = {}
        self._shape: tuple[int, ...] | None = None
        self._inferred = False

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self._trt.cuda.note("set shape")
        assert type(shape) is tuple, "8.5 takes a tuple only"
        minimum, _, maximum = self._engine._shapes[name]
        fits = len(shape) == len(minimum) and all(a <= b <= c for a, b, c in zip(minimum, shape, maximum))
        self._shape, self._inferred = (shape if fits else None), False
        return fits

    def infer_shapes(self) -> list[str]:
        self._inferred = self._shape is not None
        return [] if self._inferred else list(self._engine.inputs)

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        assert self._shape is not None
        assert self._inferred, "shapes of outputs are known once the input's is"
        dims = self._engine.dims[name][1:]
        if 0 in dims:  # the file does not say it; the real one infers it
            example = np.zeros(self._shape, np.uint8)
            return tuple(self._engine.session.run([name], {self._engine.inputs[0]: example})[0].shape)
        return (self._shape[0], *dims)

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._trt.cuda.note("set address")
        self._addresses[name] = address
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        self._trt.cuda.note("execute")
        assert set(self._addresses) == {*self._engine.inputs, *self._engine.outputs}, "an address is missing"
        assert self._shape is not None
        assert self._inferred, "the input has no shape"
        shape, memory = self._shape, self._trt.cuda.memory

        def compute() -> None:
            (name,) = self._engine.inputs
            raw = bytes(memory[self._addresses[name]][: int(np.prod(shape))])
            feed = {name: np.frombuffer(raw, np.uint8).reshape(shape)}
            for output, value in zip(self._engine.outputs, self._engine.session.run(self._engine.outputs, feed)):
                data = value.tobytes()
                target = memory[self._addresses[output]]
                assert len(data) <= len(target), "an output does not fit its buffer"
                target[: len(data)] = data

        self._trt.cuda.streams[stream_handle].work.append(compute)
        return True
