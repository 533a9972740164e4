"""``inference:``: the models and how evidence becomes an incident."""

from __future__ import annotations

from typing import Optional

from pydantic import Field, model_validator
from typing_extensions import Literal

from hackai_shared.config.base import Section


class ConfirmationConfig(Section):
    """How the scores of single frames become a confirmed fire, at one place of the picture.

    Evidence is measured in seconds of certainty and kept for every place by itself. It grows by
    (steady score - reference) / (1 - reference) per second of stream time and never falls below 0. The steady score is
    the lowest one of the last ``window_s`` seconds at that place, with the darkest ``overlooked_share`` of the frames
    left aside. A fire without a doubt (score 1) that begins before the camera's eyes is confirmed after
    ``(1 - overlooked_share) * window_s + fire_seconds`` = 1.25 s, however high its reference was raised.

    References are raised, in logits, by a camera's own threshold, by a schedule, and by ``still_raise`` where nothing
    moves and nothing grows: a lamp, a sunset and a poster keep still, flames and their smoke do not.

    Calibrated in November 2026 on nine clips (five with flames, two with smoke, a neon sign that the models take for
    fire in 61-68 % of its frames, a street) with the shipped classifier, int8, at 10 and at 25 frames per second:
    ``tests/benchmarks/clips.py --sweep`` prints for every value which range raises every incident that it must and
    none beside.
    """

    window_s: float = Field(1.0, gt=0, le=2, description="seconds over which a score must be steady")
    overlooked_share: float = Field(
        0.15, ge=0, lt=0.5, description="share of the darkest frames in that window that is left aside"
    )
    fire_reference: float = Field(
        0.5, gt=0, lt=1, description="steady score of fire above which evidence of fire grows"
    )
    fire_seconds: float = Field(0.4, gt=0, le=60, description="seconds of certainty that confirm a fire")
    smoke_reference: float = Field(
        0.4, gt=0, lt=1, description="steady score of fire and starting fire together above which evidence grows"
    )
    smoke_seconds: float = Field(0.75, gt=0, le=60, description="seconds of certainty that confirm a starting fire")
    still_raise: float = Field(
        2.0, ge=0, le=6, description="logits by which a reference is raised where nothing flickers and nothing grows"
    )
    min_frames: int = Field(3, ge=1, le=100, description="positive frames needed at least")
    clear_after_s: float = Field(
        3.0, gt=0, le=3600, description="seconds without evidence after which a confirmed incident is cleared"
    )
    max_gap_s: float = Field(0.5, gt=0, le=60, description="a longer pause between two frames counts as this long")


class SecondOpinionConfig(Section):
    """A larger classifier that judges a frame again, and instead of the first, where there is reason to.

    Reason enough is a suspicion of either; then each frame is judged twice for ``kept_s``, so that the scores of one
    model follow each other. A quiet camera is looked at every ``scan_every_s``, for what the first one does not see.
    """

    model: Optional[str] = Field(
        "fire-classifier-large", description="name of its model package; none (null): the first one judges alone"
    )
    variant: str = Field("auto", description="variant of the package; auto: the first that the runtime prefers")
    suspicious_from: float = Field(
        0.1, ge=0, le=1, description="probability of fire and starting fire together from which it is asked"
    )
    kept_s: float = Field(2.0, ge=0, le=60, description="seconds after the last suspicion for which it is asked on")
    scan_every_s: float = Field(1.0, gt=0, le=3600, description="seconds between two looks at a quiet camera")


class DetectorConfig(Section):
    """The second look: a model that finds boxes, asked only where there is reason to."""

    model: Optional[str] = Field(
        "fire-detector", description="name of its model package; none (null): the classifier judges and draws alone"
    )
    variant: str = Field("auto", description="variant of the package; auto: the first that the runtime prefers")
    suspicious_from: float = Field(
        0.15, ge=0, le=1, description="probability of fire and starting fire together from which it is asked"
    )
    every_s: float = Field(0.3, gt=0, le=10, description="seconds between two looks at a suspicious camera, at least")
    scan_every_s: float = Field(10.0, gt=0, le=3600, description="seconds between two looks at a quiet camera")
    min_score: Optional[float] = Field(
        None, gt=0, lt=1, description="score from which a box counts and is drawn; default: those of its package"
    )


class InferenceConfig(Section):
    """The inference service."""

    model: str = Field("fire-classifier", description="name of the model package that judges every frame")
    runtime: Literal["auto", "onnxruntime", "tensorrt", "openvino"] = Field(
        "auto", description="auto: tensorrt on a Jetson, else onnxruntime"
    )
    variant: str = Field("auto", description="variant of the package; auto: the first that the runtime prefers")
    threads: int = Field(1, ge=1, le=64, description="threads of one inference")
    workers: int = Field(2, ge=1, le=16, description="inferences at the same time (REST and live together)")
    queue: int = Field(64, ge=1, le=10_000, description="requests that may wait; more are refused with 503")
    max_pixels: int = Field(50_000_000, ge=1_000_000, description="larger pictures are refused before they are decoded")
    max_body_bytes: int = Field(20_000_000, ge=100_000, description="larger requests are refused unread")
    second_opinion: SecondOpinionConfig = Field(
        default_factory=SecondOpinionConfig, description="a larger classifier, where there is reason to doubt"
    )
    detector: DetectorConfig = Field(default_factory=DetectorConfig, description="boxes, where there is reason to look")
    confirmation: ConfirmationConfig = Field(
        default_factory=ConfirmationConfig, description="from single frames to an incident"
    )

    learns_quiet: bool = Field(
        True, description="each camera raises what counts where and when its harmless footage is suspicious"
    )

    @model_validator(mode="after")
    def _runtime_variant(self) -> "InferenceConfig":
        if self.runtime == "tensorrt" and self.variant == "int8":
            raise ValueError("variant int8 is made for CPUs; TensorRT takes fp32 or int8-trt")
        return self
