"""The session and its executor against a TensorRT that insists on the rules."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from fake_tensorrt import FakeCuda, FakeTensorRt
from hackai_inference.runtimes.tensorrt.bindings import Bindings
from hackai_inference.runtimes.tensorrt.executor import Executor, PlanRejected
from hackai_inference.runtimes.tensorrt.loader import Gpu, PlanLoader, connect
from hackai_shared.serving.package import ModelPackage, open_package
from hackai_shared.serving.session import OnnxRuntimeSession, SessionError

Noise = Callable[[ModelPackage, int], Any]


@pytest.mark.parametrize("version", ["8.5.2.2", "10.7.0.23", "11.0.0"])
def test_the_same_code_runs_on_every_generation(
    version: str, tmp_path: Any, shipped: ModelPackage, noise: Noise
) -> None:
    cuda = FakeCuda()
    gpu = connect(Bindings(FakeTensorRt(cuda, version), cuda))
    session = PlanLoader(gpu, tmp_path).open(shipped, "fp32")
    pictures = noise(shipped, 2)

    found = session.run(pictures)

    expected = OnnxRuntimeSession(shipped, "fp32").run(pictures)
    np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-3)
    np.testing.assert_allclose(found["cam"], expected["cam"], atol=1e-3)
    assert version in session.device
    session.close()
    gpu.thread.stop()
    assert cuda.leaks == []


def test_calls_come_in_the_order_that_cuda_wants(
    loader: PlanLoader, colours: ModelPackage, cuda: FakeCuda, noise: Noise
) -> None:
    session = loader.open(colours, "fp32")
    cuda.calls.clear()

    session.run(noise(colours, 1))
    first = list(cuda.calls)
    cuda.calls.clear()
    session.run(noise(colours, 1))

    steady = ["to device", "execute", "to host", "to host", "synchronize"]
    assert first == ["set shape", *steady]
    assert cuda.calls == steady  # a shape that did not change is not set again
    assert len(cuda.streams) == 1


def test_many_threads_get_their_own_answers(loader: PlanLoader, colours: ModelPackage, noise: Noise) -> None:
    session = loader.open(colours, "fp32")
    pictures = noise(colours, 8)
    reference = OnnxRuntimeSession(colours, "fp32").run(pictures)["logits"]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda i: session.run(pictures[i % 8 : i % 8 + 1])["logits"][0], range(64)))

    for index, logits in enumerate(results):
        np.testing.assert_allclose(logits, reference[index % 8], atol=1e-4)


def test_a_batch_larger_than_the_profile_is_cut(
    loader: PlanLoader, colours: ModelPackage, noise: Noise, cuda: FakeCuda
) -> None:
    session = loader.open(colours, "fp32")
    pictures = noise(colours, 9)
    cuda.calls.clear()

    found = session.run(pictures)

    assert cuda.calls.count("execute") == 3
    np.testing.assert_allclose(found["cam"], OnnxRuntimeSession(colours, "fp32").run(pictures)["cam"], atol=1e-4)


@pytest.mark.parametrize(
    "tensor",
    [
        np.zeros((1, 3, 3, 3), np.uint8),
        np.zeros((1, 64, 64, 3), np.float32),
        np.zeros((0, 64, 64, 3), np.uint8),
        np.zeros((64, 64, 3), np.uint8),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(loader: PlanLoader, colours: ModelPackage, tensor: Any) -> None:
    with pytest.raises(SessionError, match="does not fit"):
        loader.open(colours, "fp32").run(tensor)


def test_results_are_not_overwritten_by_the_next_ones(loader: PlanLoader, colours: ModelPackage, noise: Noise) -> None:
    session = loader.open(colours, "fp32")
    first = session.run(noise(colours, 1))["logits"]
    kept = first.copy()

    session.run(np.zeros((1, 64, 64, 3), np.uint8))

    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("step", ["to device", "execute", "to host", "synchronize"])
def test_a_failing_device_is_an_error_of_the_session_and_it_goes_on(
    step: str, loader: PlanLoader, colours: ModelPackage, cuda: FakeCuda, noise: Noise
) -> None:
    session = loader.open(colours, "fp32")
    pictures = noise(colours, 1)
    cuda.fail_at = step
    with pytest.raises(SessionError, match=step):
        session.run(pictures)
    cuda.fail_at = ""

    np.testing.assert_allclose(
        session.run(pictures)["logits"], OnnxRuntimeSession(colours, "fp32").run(pictures)["logits"], atol=1e-4
    )


@pytest.mark.parametrize("step", ["stream", "set shape", "host alloc", "device alloc"])
def test_too_little_memory_leaks_nothing(
    step: str, loader: PlanLoader, colours: ModelPackage, cuda: FakeCuda, trt: FakeTensorRt
) -> None:
    cuda.fail_at = step
    with pytest.raises(SessionError, match="memory"):
        loader.open(colours, "fp32")
    cuda.fail_at = ""
    gc.collect()

    assert [leak for leak in cuda.leaks if "context" not in leak] == []
    assert trt.live == 0


def test_a_session_that_nobody_has_is_freed(
    loader: PlanLoader, colours: ModelPackage, gpu: Gpu, cuda: FakeCuda, trt: FakeTensorRt
) -> None:
    session = loader.open(colours, "fp32")
    assert cuda.memory

    del session
    gc.collect()
    gpu.thread.run(lambda: None)  # what was posted before is done

    assert not cuda.memory
    assert not cuda.pinned
    assert trt.live == 0


def test_a_closed_session_refuses_and_closing_twice_is_nothing(
    loader: PlanLoader, colours: ModelPackage, noise: Noise
) -> None:
    session = loader.open(colours, "fp32")
    session.close()
    session.close()

    with pytest.raises(SessionError, match="closed"):
        session.run(noise(colours, 1))


def test_after_the_end_of_the_thread_a_session_refuses(
    loader: PlanLoader, colours: ModelPackage, gpu: Gpu, noise: Noise
) -> None:
    session = loader.open(colours, "fp32")
    session.close()
    other = loader.open(colours, "fp32")
    other.close()
    gpu.thread.stop()

    with pytest.raises(SessionError):
        other.run(noise(colours, 1))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"outputs": [("logits", "logits")]}, "the package"),
        ({"max_batch": 8}, "is wanted"),
        ({"input_shape": (32, 32, 3)}, "is wanted"),
        ({"input_dtype": "float32"}, "float32"),
        ({"plan": b"garbage"}, "magic tag"),
    ],
)
def test_a_plan_that_does_not_fit_the_package_is_rejected(
    change: Any, reason: str, loader: PlanLoader, colours: ModelPackage, gpu: Gpu, trt: FakeTensorRt, cuda: FakeCuda
) -> None:
    from hackai_inference.runtimes.tensorrt.builder import make_logger

    loader.open(colours, "fp32").close()
    plan = loader._store.plan(loader.key(colours, "fp32"))
    arguments = {
        "plan": plan,
        "input_name": "images",
        "input_shape": (64, 64, 3),
        "input_dtype": "uint8",
        "outputs": [("logits", "logits"), ("cam", "cam")],
        "max_batch": 4,
        **change,
    }
    content = arguments.pop("plan")

    with pytest.raises(PlanRejected, match=reason):
        gpu.thread.run(lambda: Executor(trt, cuda, make_logger(trt), content, **arguments))


@pytest.mark.parametrize("name", ["fire-classifier", "fire-classifier-small", "fire-detector"])
def test_every_shipped_model_gives_what_onnx_runtime_gives(
    name: str, root: Path, loader: PlanLoader, noise: Noise
) -> None:
    folder = root / "models" / name / "1"
    if not folder.is_dir():
        pytest.skip(f"{name} does not ship")
    package = open_package(folder)
    pictures = noise(package, 2)

    found = loader.open(package, "fp32").run(pictures)

    for role, expected in OnnxRuntimeSession(package, "fp32").run(pictures).items():
        np.testing.assert_allclose(found[role], expected, atol=1e-3)
