"""What a recipe says about training; no torch here, so that recipes are checked without it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingOptions(BaseModel):
    """One run of the training loop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(12, ge=1, le=1000)
    batch_size: int = Field(32, ge=2, le=1024)
    learning_rate: float = Field(5e-4, gt=0, le=1, description="Peak of the schedule (AdamW).")
    weight_decay: float = Field(0.02, ge=0, le=1)
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    average_decay: float = Field(0.998, ge=0, lt=1, description="Moving average of the weights, per step.")
    clip_norm: float = Field(2.0, gt=0)
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="bfloat16 is 1.8x faster for SqueezeNet on CPUs that have it, slower for depthwise nets."
    )
    workers: int = Field(0, ge=0, le=64, description="Processes that make views beside the training process.")


class DistillationOptions(BaseModel):
    """How much of the loss is the teacher's opinion."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(3.0, gt=0, le=100)
    weight: float = Field(0.7, ge=0, le=1, description="Share of the teacher; the rest is the labels'.")
    feature_weight: float = Field(0.0, ge=0, description="Weight of the distance of attention maps.")


class TuningOptions(BaseModel):
    """Training of a network's rear on what its front saw once. The defaults are what held on sources left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    views: int = Field(4, ge=1, le=100, description="Views of each picture; the first is the picture as it is.")
    epochs: int = Field(2, ge=1, le=1000)
    draws: int = Field(3000, ge=2, description="Views that are drawn per epoch.")
    batch_size: int = Field(64, ge=2, le=1024)
    learning_rate: float = Field(3e-4, gt=0, le=1, description="Peak of the schedule (AdamW).")
    weight_decay: float = Field(0.02, ge=0, le=1)
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    mixup: float = Field(0.0, ge=0, le=10, description="Parameter of the beta distribution; 0: features are not mixed.")
    average_decay: float = Field(0.99, ge=0, lt=1, description="Moving average of the weights, per step.")
    clip_norm: float = Field(2.0, gt=0)
    probe_decay: float = Field(0.05, ge=0, le=10, description="Decay of the linear probe that the head begins with.")
    kept_of_probe: float = Field(
        0.0, ge=0, le=1, description="Share of the weights before tuning that the tuned ones are averaged with."
    )
    caution: float = Field(
        0.0, ge=-5, le=5, description="Logits added to the harmless class; chosen on sources that were left out."
    )
