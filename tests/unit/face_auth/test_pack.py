"""Model packs: verified before they are loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from hackai_face_auth.engine.pack import find_pack, verify_files
from hackai_face_auth.errors import PackError
from hackai_shared.config.faces import ModelPackConfig

FILES = {"det.onnx": b"detector", "rec.onnx": b"recognizer", "lm.onnx": b"landmarks"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def config(folder: Path, **changes: object) -> ModelPackConfig:
    values = {
        "name": "own",
        "folder": str(folder),
        "detection": "det.onnx",
        "recognition": "rec.onnx",
        "landmarks": "lm.onnx",
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
    }
    return ModelPackConfig.model_validate({**values, **changes})


def test_a_pack_by_folder_and_hash(folder: Path) -> None:
    pack = find_pack(config(folder))
    assert pack.detection == folder / "det.onnx"
    assert pack.model_id == f"rec@{hashlib.sha256(b'recognizer').hexdigest()[:16]}"


def test_another_content_is_not_loaded(folder: Path) -> None:
    (folder / "rec.onnx").write_bytes(b"something else")
    with pytest.raises(PackError, match="not loaded"):
        find_pack(config(folder))


def test_a_missing_file_and_a_missing_folder(folder: Path) -> None:
    (folder / "lm.onnx").unlink()
    with pytest.raises(PackError, match="cannot read"):
        find_pack(config(folder))
    with pytest.raises(PackError, match="is not a folder"):
        find_pack(config(folder / "nowhere"))


def test_a_name_that_leaves_the_folder(folder: Path) -> None:
    with pytest.raises(PackError, match="not the name of a file"):
        verify_files(folder, {"../det.onnx": "0" * 64})


def test_a_hash_for_every_file_is_needed(folder: Path) -> None:
    with pytest.raises(ValidationError, match=r"no sha256 for lm\.onnx"):
        config(folder, sha256={"det.onnx": "0", "rec.onnx": "0"})
