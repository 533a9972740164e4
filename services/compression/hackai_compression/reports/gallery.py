"""The worst mistakes as pictures, each beside the heat-map of what the model saw in it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from hackai_compression.datasets.pictures import Picture
from hackai_compression.judging.mistakes import Mistake
from hackai_shared.serving.classifier import Classifier
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.preprocessing import load_for
from hackai_shared.serving.session import OnnxRuntimeSession, choose_variant

_SIDE = 160


@dataclass(frozen=True)
class Exhibit:
    """A mistake with two pictures as data URIs."""

    mistake: Mistake
    picture: str
    heat: str


def exhibits(package: ModelPackage, mistakes: Sequence[Mistake]) -> list[Exhibit]:
    """Reads the pictures again and asks the model where it saw what it said; missing files are left out."""
    classifier = Classifier(package, OnnxRuntimeSession(package, choose_variant(package, "onnxruntime")))
    shown = []
    for mistake in mistakes:
        path = Path(mistake.path)
        if not path.is_file():
            continue
        pixels = load_for(package.manifest.input, path.read_bytes())
        result = classifier.classify([pixels])[0]
        small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        plain = _uri(np.asarray(small, dtype=np.uint8))
        heat = plain
        if result.cam is not None:
            heat = _uri(
                heat_map(np.asarray(small, dtype=np.uint8), result.cam[classifier.classes.index(mistake.predicted)])
            )
        shown.append(Exhibit(mistake, plain, heat))
    return shown


def heat_map(picture: Picture, cam: npt.NDArray[np.float32]) -> Picture:
    """The picture with the positive part of one class's activation (h, w) laid over it."""
    positive = np.maximum(cam, 0)
    scaled = (255 * positive / max(float(positive.max()), 1e-6)).astype(np.uint8)
    large = cv2.resize(scaled, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    colours = cv2.cvtColor(cv2.applyColorMap(large, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.addWeighted(picture, 0.5, colours, 0.5, 0), dtype=np.uint8)


def _uri(picture: Picture) -> str:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
