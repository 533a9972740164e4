"""The part of ``pycuda.driver`` that the product uses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np


class CudaError(Exception):
    """``pycuda.driver.Error``."""


class HostAllocation(bytearray):
    """Pinned memory; the base of the arrays that ``pagelocked_empty`` returns, as in pycuda."""

    owner: FakeCuda

    def free(self) -> None:
        self.owner.note("host free")
        self.owner.pinned.remove(id(self))


class FakeCuda:
    """One GPU; the instance stands in for the module."""

    Error = CudaError

    def __init__(self, capability: tuple[int, int] = (7, 2), name: str = "Xavier") -> None:
        self.calls: list[str] = []
        self.memory: dict[int, bytearray] = {}
        self.pinned: list[int] = []
        self.streams: dict[int, Stream] = {}
        self.contexts = 0
        self.capability = capability
        self.name = name
        self.owner: int | None = None
        self.fail_at = ""
        self.broken = ""
        self._addresses = count(0x1000, 0x100000)

    def note(self, call: str) -> None:
        """Record a call; it must come from the thread that owns the context."""
        assert self.owner == threading.get_ident(), f"{call} from another thread than the context's"
        self.calls.append(call)
        if call == self.fail_at:
            raise CudaError(f"{call} failed")

    @property
    def leaks(self) -> list[str]:
        """What is still held."""
        found = [f"{len(self.memory)} device buffers"] if self.memory else []
        found += [f"{len(self.pinned)} pinned buffers"] if self.pinned else []
        found += [f"{self.contexts} contexts"] if self.contexts else []
        return found

    def init(self) -> None:
        if self.broken:
            raise CudaError(self.broken)
        self.owner = threading.get_ident()

    def Device(self, number: int) -> Device:
        assert number == 0
        return Device(self)

    def Stream(self) -> Stream:
        self.note("stream")
        stream = Stream(self, len(self.streams) + 7)
        self.streams[stream.handle] = stream
        return stream

    def mem_alloc(self, size: int) -> DeviceAllocation:
        self.note("device alloc")
        return DeviceAllocation(self, next(self._addresses), size)

    def pagelocked_empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
        self.note("host alloc")
        memory = HostAllocation(int(np.prod(shape)) * np.dtype(dtype).itemsize)
        memory.owner = self
        self.pinned.append(id(memory))
        return np.ndarray(shape, dtype, buffer=memory)

    def memcpy_htod_async(self, target: DeviceAllocation, source: np.ndarray[Any, Any], stream: Stream) -> None:
        self.note("to device")
        self._check_pinned(source)
        assert source.nbytes <= len(self.memory[int(target)]), "the device buffer is too small"

        def copy() -> None:
            self.memory[int(target)][: source.nbytes] = source.tobytes()

        stream.work.append(copy)

    def memcpy_dtoh_async(self, target: np.ndarray[Any, Any], source: DeviceAllocation, stream: Stream) -> None:
        self.note("to host")
        self._check_pinned(target)

        def copy() -> None:
            raw = bytes(self.memory[int(source)][: target.nbytes])
            target[...] = np.frombuffer(raw, target.dtype).reshape(target.shape)

        stream.work.append(copy)

    def _check_pinned(self, array: np.ndarray[Any, Any]) -> None:
        assert array.flags.c_contiguous
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        assert id(base) in self.pinned, "an asynchronous copy needs pinned memory"


class Device:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda = cuda

    def compute_capability(self) -> tuple[int, int]:
        return self._cuda.capability

    def name(self) -> str:
        return self._cuda.name

    def retain_primary_context(self) -> Context:
        self._cuda.note("retain context")
        self._cuda.contexts += 1
        return Context(self._cuda)


class Context:
    def __init__(self, cuda: FakeCuda) -> None:
        self._cuda = cuda

    def push(self) -> None:
        self._cuda.note("push context")

    def pop(self) -> None:
        self._cuda.note("pop context")

    def detach(self) -> None:
        self._cuda.note("detach context")
        self._cuda.contexts -= 1


class Stream:
    """Does its work when it is synchronised, and not before: who reads too early reads what was there."""

    def __init__(self, cuda: FakeCuda, handle: int) -> None:
        self._cuda = cuda
        self.handle = handle
        self.work: list[Callable[[], None]] = []

    def synchronize(self) -> None:
        self._cuda.note("synchronize")
        work, self.work = self.work, []
        for step in work:
            step()


class DeviceAllocation:
    def __init__(self, cuda: FakeCuda, address: int, size: int) -> None:
        self._cuda = cuda
        self._address = address
        cuda.memory[address] = bytearray(b"\xff" * size)

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        self._cuda.note("device free")
        del self._cuda.memory[self._address]
