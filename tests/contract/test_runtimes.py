"""Every runtime gives the same answers to the same pictures, from every thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from fake_tensorrt import FakeCuda, FakeTensorRt
from hackai_inference.runtimes import RUNTIMES, open_session
from hackai_inference.runtimes.tensorrt.bindings import Bindings
from hackai_inference.runtimes.tensorrt.loader import connect
from hackai_shared.serving.package import ModelPackage, open_package
from hackai_shared.serving.session import InferenceSession, SessionError

# What rounding in another order makes of float32 logits of about 10.
TOLERANCE = 1e-3
Pictures: TypeAlias = np.ndarray[Any, Any]
Make: TypeAlias = Callable[..., Path]
SessionOf: TypeAlias = Callable[[ModelPackage, str], InferenceSession]
OTHERS = sorted(set(RUNTIMES) - {"onnxruntime"})


@pytest.fixture(scope="module", params=["colours", "shipped"])
def package(
    request: pytest.FixtureRequest,
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
    make_package: Make,
) -> ModelPackage:
    """The small model of the tests, and the one that ships."""
    if request.param == "colours":
        return open_package(make_package(tmp_path_factory.mktemp("models")))
    return open_package(root / "models" / "fire-classifier" / "1")


@pytest.fixture
def pictures(package: ModelPackage) -> Pictures:
    """Three pictures of noise."""
    spec = package.manifest.input
    return np.random.default_rng(0).integers(0, 256, (3, spec.height, spec.width, 3)).astype(np.uint8)


@pytest.fixture(scope="module", autouse=True)
def gpu() -> Iterator[None]:
    """The TensorRT of these tests: the product's own executor over a stand-in that insists on the rules of CUDA."""
    cuda = FakeCuda()
    connected = connect(Bindings(FakeTensorRt(cuda), cuda))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hackai_inference.runtimes.tensorrt.loader.this_gpu", lambda: connected)
        yield
    connected.thread.stop()


@pytest.fixture
def session_of(tmp_path: Path) -> Callable[[ModelPackage, str], InferenceSession]:
    """Open a session of a runtime."""

    def open_(package: ModelPackage, runtime: str) -> InferenceSession:
        if runtime == "openvino":
            pytest.importorskip(runtime, reason=f"the optional runtime {runtime} is not installed")
        return open_session(package, runtime, "fp32", 1, tmp_path).session

    return open_


@pytest.mark.parametrize("runtime", OTHERS)
def test_a_runtime_agrees_with_onnxruntime(
    package: ModelPackage, pictures: Pictures, runtime: str, session_of: SessionOf
) -> None:
    reference = session_of(package, "onnxruntime").run(pictures)

    found = session_of(package, runtime).run(pictures)

    assert found.keys() == reference.keys()
    for role, expected in reference.items():
        assert found[role].dtype == expected.dtype
        np.testing.assert_allclose(found[role], expected, atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("runtime", sorted(RUNTIMES))
def test_batches_and_threads_change_nothing(
    package: ModelPackage, pictures: Pictures, runtime: str, session_of: SessionOf
) -> None:
    session = session_of(package, runtime)
    together = session.run(pictures)["logits"]

    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda index: session.run(pictures[index : index + 1])["logits"][0], [0, 1, 2] * 8))

    for index, logits in enumerate(alone):
        np.testing.assert_allclose(logits, together[index % 3], atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("runtime", sorted(RUNTIMES))
def test_a_tensor_that_does_not_fit_is_an_error_of_the_session(
    package: ModelPackage, runtime: str, session_of: SessionOf
) -> None:
    session = session_of(package, runtime)

    with pytest.raises(SessionError):
        session.run(np.zeros((1, 3, 3, 3), np.uint8))
