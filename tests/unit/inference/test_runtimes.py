"""The runtimes by name."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from hackai_inference.runtimes import RuntimeUnavailable, open_session, resolve_runtime
from hackai_shared.serving.package import PackageError, open_package


def test_auto_is_onnxruntime() -> None:
    assert resolve_runtime("auto") == "onnxruntime"


def test_a_runtime_that_is_not_installed_is_named() -> None:
    with pytest.raises(RuntimeUnavailable, match="tensorrt is not part of this installation"):
        resolve_runtime("tensorrt")


def test_a_session_says_what_it_runs_and_where(tmp_path: Path, make_package: Callable[..., Path]) -> None:
    package = open_package(make_package(tmp_path))

    loaded = open_session(package, "auto", "auto", 1)

    assert (loaded.variant, loaded.session.runtime) == ("fp32", "onnxruntime")
    assert loaded.session.device == "CPUExecutionProvider"


def test_a_variant_that_the_package_lacks(tmp_path: Path, make_package: Callable[..., Path]) -> None:
    package = open_package(make_package(tmp_path))

    with pytest.raises(PackageError, match="int8"):
        open_session(package, "onnxruntime", "int8", 1)
