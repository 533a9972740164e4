from __future__ import annotations

import threading
from typing import Any

import pytest

from fake_tensorrt import FakeCuda
from hackai_inference.runtimes.errors import RuntimeUnavailable
from hackai_inference.runtimes.tensorrt.cuda_thread import CudaStopped, CudaThread, DeviceFacts


def test_the_context_lives_as_long_as_the_thread(cuda: FakeCuda) -> None:
    thread = CudaThread(cuda)

    assert thread.start() == DeviceFacts("Xavier", "7.2")
    thread.stop()
    thread.stop()

    assert cuda.calls == ["retain context", "push context", "pop context", "detach context"]


def test_jobs_run_in_order_on_one_thread_and_errors_come_back(cuda: FakeCuda) -> None:
    thread = CudaThread(cuda)
    thread.start()

    def fail() -> Any:
        raise KeyError("job")

    idents = {thread.run(threading.get_ident) for _ in range(3)}
    nested = thread.run(lambda: thread.run(threading.get_ident))
    with pytest.raises(KeyError, match="job"):
        thread.run(fail)
    thread.post(fail)  # logged, and the thread goes on
    again = thread.run(threading.get_ident)
    thread.stop()

    assert idents == {nested} == {again} != {threading.get_ident()}


def test_after_the_end_jobs_are_refused_and_finalisers_ignored(cuda: FakeCuda) -> None:
    thread = CudaThread(cuda)
    thread.start()
    thread.stop()

    with pytest.raises(CudaStopped):
        thread.run(lambda: None)
    thread.post(lambda: None)


def test_without_a_gpu_it_says_what_to_do() -> None:
    cuda = FakeCuda()
    cuda.broken = "cuInit failed: no CUDA-capable device is detected"
    thread = CudaThread(cuda)

    with pytest.raises(RuntimeUnavailable, match=r"no CUDA-capable device.*runtime: nvidia"):
        thread.start()
    with pytest.raises(CudaStopped):
        thread.run(lambda: None)
