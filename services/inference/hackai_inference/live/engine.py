"""The worker threads in front of the model: live frames first, requests in a bounded queue behind them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any, Callable, Deque, Generic, List, Set, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Overloaded(RuntimeError):
    """The queue of requests is full; try again later."""


class EngineStopped(RuntimeError):
    """The service is stopping."""


class _Request(Generic[T]):
    """One job with the future of the event loop that waits for it."""

    def __init__(self, job: Callable[[], T]) -> None:
        self._job = job
        self._loop = asyncio.get_running_loop()
        self.future: "asyncio.Future[T]" = self._loop.create_future()

    def run(self) -> None:
        if self.future.cancelled():  # the client hung up while the request was waiting
            return
        try:
            result = self._job()
        except Exception as error:  # noqa: BLE001 - raised again in the coroutine that waits for it
            self.fail(error)
        else:
            self._loop.call_soon_threadsafe(self._settle, self.future.set_result, result)

    def fail(self, error: Exception) -> None:
        self._loop.call_soon_threadsafe(self._settle, self.future.set_exception, error)

    def _settle(self, setter: Callable[[Any], None], value: Any) -> None:
        if not self.future.done():
            setter(value)


class Engine:
    """``workers`` threads that judge pictures; decoding, ONNX Runtime and OpenCV release the GIL.

    Live work is announced by key (the camera) and is never done twice at the same time for one key, so that a camera's
    frames are judged in order however many workers there are.
    """

    def __init__(self, workers: int, *, queue_size: int) -> None:
        self._queue_size = queue_size
        self._requests: Deque[_Request[Any]] = deque()
        self._keys: Deque[str] = deque()
        self._running: Set[str] = set()
        self._again: Set[str] = set()
        self._serve_live: Callable[[str], None] = _nobody
        self._condition = threading.Condition()
        self._stopped = False
        self._threads: List[threading.Thread] = [
            threading.Thread(target=self._work, name=f"engine-{number}", daemon=True) for number in range(workers)
        ]

    def start(self, serve_live: Callable[[str], None]) -> None:
        """Start the workers; ``serve_live(key)`` does the live work of a key."""
        self._serve_live = serve_live
        for thread in self._threads:
            thread.start()

    def wake(self, key: str) -> None:
        """Announce that there is live work for ``key``."""
        with self._condition:
            if key in self._running:
                self._again.add(key)
            elif key not in self._keys:
                self._keys.append(key)
                self._condition.notify()

    async def run(self, job: Callable[[], T]) -> T:
        """Run a request's ``job`` on a worker and return its result, or raise what it raises.

        Raises:
            Overloaded: too many requests wait already.
            EngineStopped: the service is stopping.
        """
        request = _Request(job)
        with self._condition:
            if self._stopped:
                raise EngineStopped("the service is stopping")
            if len(self._requests) >= self._queue_size:
                raise Overloaded(f"{self._queue_size} requests are waiting already")
            self._requests.append(request)
            self._condition.notify()
        return await request.future

    @property
    def waiting(self) -> int:
        """Requests that no worker has begun yet."""
        return len(self._requests)

    def stop(self, timeout_s: float = 2.0) -> None:
        """Let the workers finish what they are at; requests that still wait fail with ``EngineStopped``."""
        with self._condition:
            self._stopped = True
            while self._requests:
                self._requests.popleft().fail(EngineStopped("the service is stopping"))
            self._condition.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout_s)

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: bool(self._keys or self._requests or self._stopped))
                if self._stopped:
                    return
                if not self._keys:
                    job: Callable[[], None] = self._requests.popleft().run
                    key = None
                else:
                    key = self._keys.popleft()
                    self._running.add(key)
            if key is None:
                job()
            else:
                self._live(key)

    def _live(self, key: str) -> None:
        try:
            self._serve_live(key)
        except Exception:  # one frame that breaks something must not take a worker away from all cameras
            log.exception("judging a frame failed", camera=key)
        with self._condition:
            self._running.discard(key)
            if key in self._again:
                self._again.discard(key)
                self._keys.append(key)
                self._condition.notify()


def _nobody(key: str) -> None:
    raise RuntimeError(f"no live loop is attached, {key} cannot be served")
