"""Models beside the active one."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from hackai_inference.models.model_cache import ModelCache
from hackai_inference.models.registry import Registry
from hackai_inference.models.versions import UnknownModel
from hackai_shared.serving.package import PackageError


def test_another_version_is_opened_once_and_judges_nothing(registry: Registry) -> None:
    shelf = ModelCache(registry)
    model = shelf.get("fire-classifier", 1, "fp32")
    assert (model.ref.version, model.ref.variant) == (1, "fp32")
    assert shelf.get("fire-classifier", 1, "fp32") is model
    assert registry.active.ref.version == 2
    assert registry.history("fire-classifier") == []


def test_few_stay_open(registry: Registry, tmp_path: Path, make_package: Callable[..., Path]) -> None:
    shelf = ModelCache(registry, keep=1)
    first = shelf.get("fire-classifier", 1, "fp32")
    shelf.get("fire-classifier", 2, "fp32")
    assert shelf.get("fire-classifier", 1, "fp32") is not first


def test_what_cannot_be_opened(registry: Registry) -> None:
    shelf = ModelCache(registry)
    with pytest.raises(UnknownModel):
        shelf.get("fire-classifier", 9, "fp32")
    with pytest.raises(UnknownModel):
        shelf.get("other", 1, "fp32")
    with pytest.raises(PackageError, match="no variant"):
        shelf.get("fire-classifier", 1, "int4")
