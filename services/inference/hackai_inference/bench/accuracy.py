"""How many labelled pictures a session gets right: a folder with one folder per class."""

from __future__ import annotations

from pathlib import Path
from typing import List, Tuple

from hackai_shared.serving.classifier import Classifier
from hackai_shared.serving.decoding import ImageError
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.preprocessing import load_for
from hackai_shared.serving.session import InferenceSession

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class PicturesError(ValueError):
    """The folder of labelled pictures cannot be used; the message says what it must look like."""


def labelled_pictures(folder: Path, classes: List[str]) -> List[Tuple[Path, str]]:
    """Return the pictures with their classes, in a fixed order.

    Raises:
        PicturesError: no such folder, or no picture of some class in it.
    """
    found = [
        (path, name)
        for name in classes
        for path in sorted((folder / name).glob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    missing = [name for name in classes if name not in {label for _, label in found}]
    if missing:
        raise PicturesError(
            f"{folder}: no pictures in {', '.join(f'{name}/' for name in missing)}; one folder per class"
        )
    return found


def count_correct(package: ModelPackage, session: InferenceSession, pictures: List[Tuple[Path, str]]) -> int:
    """Return how many pictures get their own label.

    Raises:
        PicturesError: a picture cannot be read.
        SessionError: the runtime failed.
    """
    classifier = Classifier(package, session)
    correct = 0
    for path, label in pictures:
        try:
            pixels = load_for(package.manifest.input, path.read_bytes())
        except (ImageError, OSError) as error:
            raise PicturesError(f"{path}: {error}") from error
        correct += classifier.classify([pixels])[0].label == label
    return correct
