"""Versions: the highest by default, activation and rollback, and never a bad one."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from hackai_inference.models.registry import Registry
from hackai_inference.models.versions import NothingToRollBackTo, UnknownModel
from hackai_shared.serving.package import PackageError

Open = Callable[..., Registry]
Make = Callable[..., Path]


def test_the_highest_version_is_active(registry: Registry) -> None:
    assert registry.active.ref.version == 2
    assert registry.active.ref.variant == "fp32"
    assert registry.active.device == "CPUExecutionProvider"
    assert [stored.version for stored in registry.versions("fire-classifier")] == [2, 1]


def test_versions_are_numbers_and_not_texts(tmp_path: Path, make_package: Make, open_registry: Open) -> None:
    for version in (2, 10):
        make_package(tmp_path / "models", version)
    (tmp_path / "models" / "fire-classifier" / "draft").mkdir()

    assert open_registry(tmp_path).load().ref.version == 10


def test_an_activation_survives_a_restart(registry: Registry, tmp_path: Path, open_registry: Open) -> None:
    registry.activate("fire-classifier", 1)

    again = open_registry(tmp_path)

    assert again.load().ref.version == 1
    assert [activation.version for activation in again.history("fire-classifier")] == [2, 1]


def test_rollback_returns_step_by_step(registry: Registry, tmp_path: Path, open_registry: Open) -> None:
    registry.activate("fire-classifier", 1)
    registry.activate("fire-classifier", 2)

    assert registry.rollback("fire-classifier").ref.version == 1
    assert open_registry(tmp_path).load().ref.version == 1
    assert registry.rollback("fire-classifier").ref.version == 2
    with pytest.raises(NothingToRollBackTo):
        registry.rollback("fire-classifier")


@pytest.mark.parametrize("damage", ["changed", "missing", "no gate", "not json", "other name", "cut"])
def test_a_bad_package_never_takes_the_active_one_down(
    registry: Registry, tmp_path: Path, make_package: Make, damage: str, open_registry: Open
) -> None:
    folder = make_package(tmp_path / "models", 3, **({"gate": None} if damage == "no gate" else {}))
    graph = folder / "model.fp32.onnx"
    if damage == "changed":
        data = graph.read_bytes()
        graph.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "missing":
        graph.unlink()
    elif damage == "not json":
        (folder / "manifest.json").write_text("{")
    elif damage == "other name":
        manifest = folder / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"fire-classifier"', '"else"'))
    elif damage == "cut":
        graph.write_bytes(graph.read_bytes()[:100])

    with pytest.raises(PackageError):
        registry.activate("fire-classifier", 3)

    assert registry.active.ref.version == 2
    assert registry.history("fire-classifier") == []
    assert open_registry(tmp_path).load().ref.version == 2  # and it does not stop the next start


def test_a_graph_that_does_not_fit_its_manifest_is_refused(
    registry: Registry, tmp_path: Path, make_package: Make
) -> None:
    make_package(tmp_path / "models", 3, outputs={"logits": "nothing"})

    with pytest.raises(PackageError, match="no outputs"):
        registry.activate("fire-classifier", 3)


def test_without_any_usable_version_the_reasons_are_given(
    tmp_path: Path, make_package: Make, open_registry: Open
) -> None:
    make_package(tmp_path / "models", 1, gate=None)

    with pytest.raises(PackageError, match=r"version 1: .*no gate report"):
        open_registry(tmp_path).load()
    with pytest.raises(PackageError, match="no folder"):
        open_registry(tmp_path / "elsewhere").load()


def test_unknown_models_and_versions(registry: Registry) -> None:
    with pytest.raises(UnknownModel):
        registry.activate("fire-classifier", 9)
    with pytest.raises(UnknownModel):
        registry.activate("other", 1)
    with pytest.raises(UnknownModel):
        registry.rollback("other")
    with pytest.raises(UnknownModel):
        registry.versions("other")


def test_a_damaged_history_is_not_the_end(registry: Registry, tmp_path: Path, open_registry: Open) -> None:
    registry.activate("fire-classifier", 1)
    (tmp_path / "state" / "activations.json").write_text("{half")

    assert open_registry(tmp_path).load().ref.version == 2
