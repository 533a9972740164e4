"""The answer of ``POST /v1/predict``: its models, and how a judgement becomes one."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional

from pydantic import BaseModel, ConfigDict, Field

from hackai_inference.models.judgement import Judgement, judge
from hackai_inference.models.registry import ActiveModel
from hackai_shared.serving.decoding import probe_image


class Answer(BaseModel):
    """A part of an answer; its fields may be called ``model_…``."""

    model_config = ConfigDict(protected_namespaces=())


class ModelUsed(Answer):
    """The model that judged."""

    name: str
    version: int
    variant: str


class ImageSize(Answer):
    """The size of the picture that was sent, in pixels."""

    width: int
    height: int


class Timings(Answer):
    """Milliseconds; ``total`` includes the wait for a worker."""

    decode: float
    infer: float
    total: float


class Region(Answer):
    """A rectangle in relative coordinates (0-1, origin top left)."""

    x1: float
    y1: float
    x2: float
    y2: float
    score: float


class Explanation(Answer):
    """Where the model looked: the class activation of ``label`` over the whole picture, row by row, 0-1."""

    label: str
    heat_map: List[List[float]] = Field(description="rows from top to bottom, 1 at the strongest; empty: no activation")
    boxes: List[Region] = Field(description="around the strong regions, largest first")


class Prediction(Answer):
    """What the model says of one picture."""

    label: str
    probabilities: Dict[str, float] = Field(description="calibrated; they add up to 1")
    model: ModelUsed
    image: ImageSize
    timings_ms: Timings
    explanation: Optional[Explanation] = Field(None, description="with ?explain=1")


class Predictions(Answer):
    """The answer to several files, in their order."""

    predictions: List[Prediction]


def predict(model: ActiveModel, picture: bytes, *, explain: bool, max_pixels: int, received: float) -> Dict[str, Any]:
    """Judge one picture; return a :class:`Prediction` as plain data (this is the hot path, validated by the tests).

    ``received`` is when the request arrived, on ``time.perf_counter``.

    Raises:
        ImageError: not a picture, too large, truncated or damaged.
        SessionError: the runtime failed.
    """
    judgement = judge(model, picture, max_pixels=max_pixels)
    info = probe_image(picture, max_pixels=max_pixels)
    answer: Dict[str, Any] = {
        "label": judgement.result.label,
        "probabilities": judgement.result.probabilities,
        "model": {"name": model.ref.name, "version": model.ref.version, "variant": model.ref.variant},
        "image": {"width": info.width, "height": info.height},
    }
    if explain:
        answer["explanation"] = _explain(judgement, info.width, info.height)
    answer["timings_ms"] = {
        "decode": judgement.decode_ms,
        "infer": judgement.infer_ms,
        "total": 1000 * (time.perf_counter() - received),
    }
    return answer


def _explain(judgement: Judgement, width: int, height: int) -> Dict[str, Any]:
    label = judgement.result.label
    heat = judgement.heat(label, width=width, height=height)
    return {
        "label": label,
        "heat_map": [] if heat is None else [[round(float(cell), 3) for cell in row] for row in heat],
        "boxes": [
            box.model_dump(include={"x1", "y1", "x2", "y2", "score"})
            for box in judgement.boxes(label, width=width, height=height)
        ],
    }
