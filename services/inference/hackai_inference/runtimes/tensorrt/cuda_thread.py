"""The one thread that touches CUDA: a context belongs to a thread, and one process has one context."""

from __future__ import annotations

import atexit
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, Optional, Tuple, TypeVar

import structlog

from hackai_inference.runtimes.errors import RuntimeUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")
STOP_S = 5.0


class CudaStopped(RuntimeError):
    """The thread has ended, or the process is about to."""


@dataclass(frozen=True)
class DeviceFacts:
    """The GPU."""

    name: str
    compute_capability: str
    """Such as ``7.2``, the Xavier."""


class CudaThread:
    """Owns the primary context of the first GPU from ``start`` to ``stop``; runs one job after the other."""

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        self._jobs: "queue.SimpleQueue[Optional[Tuple[Callable[[], Any], Optional[Future[Any]]]]]" = queue.SimpleQueue()
        self._started: "Future[DeviceFacts]" = Future()
        self._lock = threading.Lock()
        self._stopped = False
        # A daemon: work that hangs in the driver must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="cuda", daemon=True)

    def start(self) -> DeviceFacts:
        """Make the context; return what the device is.

        Raises:
            RuntimeUnavailable: there is no GPU that CUDA can use.
        """
        self._thread.start()
        facts = self._started.result()
        # pycuda aborts the process when a context is still pushed at its end.
        atexit.register(self.stop)
        return facts

    def run(self, job: Callable[[], T]) -> T:
        """Run a job on the thread; return its result or raise its error.

        Raises:
            CudaStopped: the thread has ended.
        """
        if threading.current_thread() is self._thread:
            return job()
        future: "Future[T]" = Future()
        with self._lock:
            if self._stopped:
                raise CudaStopped("the CUDA thread has ended")
            self._jobs.put((job, future))
        return future.result()

    def post(self, job: Callable[[], object]) -> None:
        """Run a job later, without waiting; after the end it is left out: the driver frees everything with the context.

        For finalisers, which run in any thread at any moment: it takes no lock.
        """
        self._jobs.put((job, None))

    def stop(self) -> None:
        """Finish what waits, give the context back, end the thread."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            self._jobs.put(None)
        atexit.unregister(self.stop)
        self._thread.join(STOP_S)

    def _work(self) -> None:
        try:
            self._cuda.init()
            device = self._cuda.Device(0)
            major, minor = device.compute_capability()
            facts = DeviceFacts(str(device.name()), f"{major}.{minor}")
            context = device.retain_primary_context()
            context.push()
        except self._cuda.Error as error:
            with self._lock:
                self._stopped = True
            self._started.set_exception(
                RuntimeUnavailable(f"CUDA finds no GPU: {error}; is the container started with `runtime: nvidia`?")
            )
            return
        self._started.set_result(facts)
        try:
            for job, future in iter(self._jobs.get, None):
                self._do(job, future)
                del job, future  # or they would keep a session alive until the next job
        finally:
            context.pop()
            context.detach()

    @staticmethod
    def _do(job: Callable[[], Any], future: "Optional[Future[Any]]") -> None:
        try:
            result = job()
        except Exception as error:
            if future is None:
                log.exception("freeing GPU memory failed")
            else:
                future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)
