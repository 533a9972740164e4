"""Passive liveness: MiniFASNet looks for the traces of screens and paper around the face."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hackai_face_auth.engine.faces import DetectedFace, Floats, Pixels
from hackai_face_auth.engine.pack import verify_files
from hackai_face_auth.engine.runtime import open_session
from hackai_face_auth.errors import PackError

SUMS = "SHA256SUMS"
_INPUT_PX = 80
_REAL_CLASS = 1
# The file names of the published models begin with the scale of the crop: 2.7_80x80_… and 4_0_0_80x80_….
_SCALE = re.compile(r"^(?P<scale>\d+(?:\.\d+)?)_")


@dataclass(frozen=True)
class _Network:
    scale: float
    session: Any
    input_name: str


class AntiSpoof:
    """The mean of all networks of a folder."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        if not folder.is_dir():
            raise PackError(f"faces.liveness.antispoof_folder: {folder} is not a folder")
        hashes = _read_sums(folder / SUMS)
        verify_files(folder, hashes)
        self._networks = [_open(folder / name, threads) for name in sorted(hashes)]

    def __len__(self) -> int:
        return len(self._networks)

    def real_probability(self, picture: Pixels, face: DetectedFace) -> float:
        """Return the mean probability that the face in a ``(H, W, 3)`` BGR picture is a person and not a picture."""
        values = [self._run(network, picture, face) for network in self._networks]
        return sum(values) / len(values)

    def _run(self, network: _Network, picture: Pixels, face: DetectedFace) -> float:
        crop = crop_around(picture, face, network.scale)
        tensor = crop.astype(np.float32).transpose(2, 0, 1)[None]
        logits = np.asarray(network.session.run(None, {network.input_name: tensor})[0][0], np.float64)
        values = np.exp(logits - logits.max())
        return float(values[_REAL_CLASS] / values.sum())


def crop_around(picture: Pixels, face: DetectedFace, scale: float) -> Pixels:
    """Return ``(80, 80, 3)`` around a face, ``scale`` times its box, moved inwards at the edges of the picture.

    As in the networks' own training ("Silent-Face-Anti-Spoofing", Minivision, Apache-2.0): where the picture is too
    small for the scale, the largest that fits is taken.
    """
    height, width = picture.shape[:2]
    scale = min((height - 1) / max(face.height, 1.0), (width - 1) / max(face.width, 1.0), scale)
    half_width, half_height = face.width * scale / 2, face.height * scale / 2
    centre_x, centre_y = float(face.box[0] + face.box[2]) / 2, float(face.box[1] + face.box[3]) / 2
    x = min(max(centre_x, half_width), width - 1 - half_width)
    y = min(max(centre_y, half_height), height - 1 - half_height)
    rows = slice(max(0, int(y - half_height)), int(y + half_height) + 1)
    columns = slice(max(0, int(x - half_width)), int(x + half_width) + 1)
    return np.asarray(cv2.resize(picture[rows, columns], (_INPUT_PX, _INPUT_PX)), np.uint8)


def aggregate(probabilities: Sequence[float] | Floats) -> float:
    """Return the probability of a whole series: the median, so that single frames neither open nor shut."""
    return float(np.median(probabilities)) if len(probabilities) else 0.0


def _read_sums(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"cannot read {path}: the hashes of the models are needed ({error})") from error
    sums = {}
    for line in lines:
        digest, _, name = line.strip().partition(" ")
        if name.strip(" *").endswith(".onnx"):
            sums[name.strip(" *")] = digest
    if not sums:
        raise PackError(f"{path} names no *.onnx file")
    return sums


def _open(path: Path, threads: int) -> _Network:
    match = _SCALE.match(path.name)
    if match is None:
        raise PackError(f"{path.name}: the name must begin with the scale of the crop, such as 2.7_")
    session = open_session(path, threads)
    return _Network(float(match["scale"]), session, str(session.get_inputs()[0].name))
