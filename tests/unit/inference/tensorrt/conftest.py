"""A GPU that is not there, and the packages that run on it."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

pytest.importorskip("onnx", reason="the graph is rewritten with the package onnx")
from fake_tensorrt import FakeCuda, FakeTensorRt
from hackai_inference.runtimes.tensorrt.bindings import Bindings
from hackai_inference.runtimes.tensorrt.loader import Gpu, PlanLoader, connect
from hackai_shared.serving.package import ModelPackage, open_package


@pytest.fixture
def cuda() -> Iterator[FakeCuda]:
    """A device; at the end of the test nothing of it may be held."""
    fake = FakeCuda()
    yield fake
    gc.collect()
    assert fake.leaks == []


@pytest.fixture
def trt(cuda: FakeCuda) -> FakeTensorRt:
    return FakeTensorRt(cuda)


@pytest.fixture
def gpu(cuda: FakeCuda, trt: FakeTensorRt) -> Iterator[Gpu]:
    connected = connect(Bindings(trt, cuda))
    yield connected
    gc.collect()
    connected.thread.stop()


@pytest.fixture
def loader(gpu: Gpu, tmp_path: Path) -> PlanLoader:
    return PlanLoader(gpu, tmp_path / "state")


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory, make_package: Callable[..., Path]) -> ModelPackage:
    """A small model whose bytes are cast first."""
    return open_package(make_package(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="session")
def shipped(root: Path) -> ModelPackage:
    """The package that ships: its bytes are transposed first, which TensorRT does not take as it is."""
    return open_package(root / "models" / "fire-classifier" / "1")


@pytest.fixture
def noise() -> Callable[[ModelPackage, int], Any]:
    import numpy as np

    def make(package: ModelPackage, count: int) -> Any:
        spec = package.manifest.input
        return np.random.default_rng(0).integers(0, 256, (count, spec.height, spec.width, 3)).astype(np.uint8)

    return make
