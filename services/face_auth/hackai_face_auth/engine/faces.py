"""Detection, landmarks and embeddings with insightface's models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from hackai_face_auth.engine.pack import ModelPack
from hackai_face_auth.engine.runtime import open_session

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

EMBEDDING_SIZE = 512
ALIGNED_PX = 112
# insightface's automatic sizes: 640 alone finds no face that fills 0.8 of the height, as selfies do.
DETECTION_SIZES = [(128, 128), (640, 640)]
DETECTION_SCORE = 0.5


@dataclass(frozen=True)
class DetectedFace:
    """One face in a picture, in its pixels.

    ``box`` is ``(4,) float32`` x1, y1, x2, y2; ``points`` ``(5, 2) float32``: the eye at the left of the picture, the
    one at its right, nose, left and right corner of the mouth.
    """

    box: Floats
    points: Floats
    score: float

    @property
    def width(self) -> float:
        """Pixels."""
        return float(self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        """Pixels."""
        return float(self.box[3] - self.box[1])


class FaceEngine(Protocol):
    """What the domain needs of the models."""

    model_id: str

    def detect(self, picture: Pixels) -> Sequence[DetectedFace]:
        """Return the faces in a ``(H, W, 3) uint8`` **BGR** picture, largest first."""
        ...  # pragma: no cover - protocol

    def align(self, picture: Pixels, face: DetectedFace) -> Pixels:
        """Return a face turned upright as ``(112, 112, 3) uint8`` BGR."""
        ...  # pragma: no cover - protocol

    def embed(self, aligned: Pixels) -> Floats:
        """Return the embedding of an aligned face, ``(512,) float32`` of length 1: cosine = scalar product."""
        ...  # pragma: no cover - protocol

    def landmarks(self, picture: Pixels, face: DetectedFace) -> Floats:
        """Return 106 landmarks of a face, ``(106, 2) float32`` in pixels of the picture."""
        ...  # pragma: no cover - protocol


class InsightFaceEngine:
    """The engine on insightface's SCRFD, ArcFace and 2d106 classes; safe to call from several threads."""

    def __init__(self, pack: ModelPack, *, threads: int = 1) -> None:
        from insightface.app.common import Face
        from insightface.model_zoo import SCRFD, ArcFaceONNX, Landmark
        from insightface.utils import face_align

        cv2.setNumThreads(threads)
        self.model_id = pack.model_id
        self._face = Face
        self._norm_crop = face_align.norm_crop
        # Sessions of our own, for the number of threads; static_shape_sessions would open more of them with defaults.
        self._detector: Any = SCRFD(
            model_file=str(pack.detection),
            session=open_session(pack.detection, threads),
            static_shape_sessions=False,
        )
        self._detector.prepare(-1, input_size=DETECTION_SIZES, det_thresh=DETECTION_SCORE)
        self._recognizer: Any = ArcFaceONNX(str(pack.recognition), session=open_session(pack.recognition, threads))
        self._landmarks: Any = Landmark(str(pack.landmarks), session=open_session(pack.landmarks, threads))

    def detect(self, picture: Pixels) -> Sequence[DetectedFace]:
        """See :class:`FaceEngine`."""
        boxes, points = self._detector.detect(picture)
        faces = [DetectedFace(box[:4], five, float(box[4])) for box, five in zip(boxes, points, strict=True)]
        return sorted(faces, key=lambda face: -face.width * face.height)

    def align(self, picture: Pixels, face: DetectedFace) -> Pixels:
        """See :class:`FaceEngine`."""
        aligned: Pixels = self._norm_crop(picture, landmark=face.points, image_size=ALIGNED_PX)
        return aligned

    def embed(self, aligned: Pixels) -> Floats:
        """See :class:`FaceEngine`."""
        raw = np.asarray(self._recognizer.get_feat(aligned), np.float32).reshape(EMBEDDING_SIZE)
        unit: Floats = raw / np.float32(np.linalg.norm(raw))
        return unit

    def landmarks(self, picture: Pixels, face: DetectedFace) -> Floats:
        """See :class:`FaceEngine`."""
        return np.asarray(self._landmarks.get(picture, self._face(bbox=face.box)), np.float32)
