"""``manifest.json`` of a model package."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, List, Optional, Tuple

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Annotated, Literal

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$", description="a name inside the package folder")
]
VariantName = Literal["fp32", "int8", "int8-trt"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


class InputSpec(_Part):
    """What the graph takes: RGB pictures as decoded, 0-255; the normalisation is inside the graph."""

    name: str = "images"
    layout: Literal["NHWC", "NCHW"]
    dtype: Literal["uint8", "float32"]
    height: int = Field(gt=0, le=4096)
    width: int = Field(gt=0, le=4096)
    resize: Literal["stretch", "letterbox"] = Field(
        "stretch",
        description="stretch: the whole picture to height x width; letterbox: keep the aspect ratio, grey borders",
    )

    @property
    def view(self) -> Tuple[int, int, str]:
        """What decides which pixels a model gets to see of a picture."""
        return self.height, self.width, self.resize


class FileEntry(_Part):
    """A file of the package."""

    file: FileName
    sha256: Sha256
    size_bytes: int = Field(gt=0)


class Variant(FileEntry):
    """One form of the same network."""

    precision: Literal["fp32", "int8"]
    runtimes: List[Literal["onnxruntime", "openvino", "tensorrt"]] = Field(
        description="runtimes that this variant is meant for"
    )
    metrics: Dict[str, Dict[str, float]] = Field(
        default_factory=dict, description="name of the evaluation set -> figure -> value"
    )


class Training(_Part):
    """Where the network comes from."""

    recipe: str
    data_sha256: Sha256
    data: str = Field(description="what the training data is, with its sources")
    seed: int
    parent: Optional[str] = Field(None, description="<name>/<version> of the model that this one was made from")
    pretrained: str = Field("", description="origin of the initial weights")


class Manifest(_Part):
    """The contract between the worker that makes a model and the service that runs it."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    version: int = Field(ge=1)
    task: Literal["classification", "detection"]
    classes: List[str] = Field(min_length=1)
    architecture: str
    licence: str
    created_at: datetime
    input: InputSpec
    outputs: Dict[Literal["logits", "cam", "boxes", "scores"], str] = Field(
        description="role -> name of the output: logits (N,C) and cam (N,C,h,w), or boxes (N,K,4) and scores (N,K,C)"
    )
    temperature: float = Field(1.0, gt=0, description="logits are divided by it before softmax")
    thresholds: Dict[str, float] = Field(default_factory=dict)
    variants: Dict[VariantName, Variant] = Field(min_length=1)
    card: FileEntry
    gate: Optional[FileEntry] = Field(
        None, description="the report of the judge; without it the registry refuses the package"
    )
    training: Training

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        wanted = {"classification": {"logits"}, "detection": {"boxes", "scores"}}[self.task]
        missing = wanted - set(self.outputs)
        if missing:
            raise ValueError(f"a {self.task} package needs the outputs {sorted(missing)}")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes are not unique")
        return self
