"""The runtimes by name."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from hackai_inference.runtimes import RuntimeUnavailable, open_session, resolve_runtime
from hackai_shared.serving.package import PackageError, open_package


def test_auto_is_onnxruntime() -> None:
    assert resolve_runtime("auto") == "onnxruntime"


def test_tensorrt_where_it_cannot_be_is_refused_with_what_to_do(
    tmp_path: Path, make_package: Callable[..., Path]
) -> None:
    package = open_package(make_package(tmp_path / "models"))

    with pytest.raises(RuntimeUnavailable, match=r"set inference\.runtime: onnxruntime"):
        open_session(package, "tensorrt", "fp32", 1, tmp_path)


def test_another_name_is_refused() -> None:
    with pytest.raises(RuntimeUnavailable, match="tensorrt"):
        resolve_runtime("tflite")


def test_a_session_says_what_it_runs_and_where(tmp_path: Path, make_package: Callable[..., Path]) -> None:
    package = open_package(make_package(tmp_path))

    loaded = open_session(package, "auto", "auto", 1)

    assert (loaded.variant, loaded.session.runtime) == ("fp32", "onnxruntime")
    assert loaded.session.device == "CPUExecutionProvider"


def test_a_variant_that_the_package_lacks(tmp_path: Path, make_package: Callable[..., Path]) -> None:
    package = open_package(make_package(tmp_path))

    with pytest.raises(PackageError, match="int8"):
        open_session(package, "onnxruntime", "int8", 1)
