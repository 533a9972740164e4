from __future__ import annotations

import sys
from types import ModuleType

import pytest

from hackai_inference.runtimes import resolve_runtime
from hackai_inference.runtimes.errors import RuntimeUnavailable
from hackai_inference.runtimes.tensorrt import bindings


def module(name: str, **content: object) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(content)
    return made


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "installed", lambda: True)


def test_without_bindings_it_says_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "installed", lambda: False)
    with pytest.raises(RuntimeUnavailable, match=r"Dockerfile\.jetson"):
        bindings.load_bindings()


@pytest.mark.usefixtures("installed")
def test_bindings_without_their_libraries_name_the_container_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)  # what an import that fails leaves
    with pytest.raises(RuntimeUnavailable, match="runtime: nvidia"):
        bindings.load_bindings()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("version", "works"), [("8.4.1.5", False), ("8.5.2.2", True), ("10.7.0", True)])
def test_the_version_is_checked(monkeypatch: pytest.MonkeyPatch, version: str, works: bool) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", module("tensorrt", __version__=version))
    monkeypatch.setitem(sys.modules, "pycuda", module("pycuda"))
    monkeypatch.setitem(sys.modules, "pycuda.driver", module("pycuda.driver"))
    if works:
        assert bindings.load_bindings().version == version
    else:
        with pytest.raises(RuntimeUnavailable, match="too old"):
            bindings.load_bindings()


@pytest.mark.parametrize(
    ("jetson", "there", "runtime"),
    [
        (False, False, "onnxruntime"),
        (False, True, "onnxruntime"),
        (True, True, "tensorrt"),
        (True, False, "onnxruntime"),
    ],
)
def test_auto_takes_tensorrt_where_it_is_installed_on_a_jetson(
    monkeypatch: pytest.MonkeyPatch, jetson: bool, there: bool, runtime: str
) -> None:
    monkeypatch.setattr("hackai_inference.runtimes.is_jetson", lambda: jetson)
    monkeypatch.setattr(bindings, "installed", lambda: there)
    assert resolve_runtime("auto") == runtime
