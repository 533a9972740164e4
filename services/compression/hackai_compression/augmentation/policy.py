"""How much of each augmentation a recipe wants."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AugmentationPolicy(BaseModel):
    """All off is serving's own preprocessing: the whole picture, squeezed to the input size."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    geometry: bool = Field(True, description="Crops, zoom-out, aspect, rotation, mirror images.")
    camera_faults: float = Field(
        1.0, ge=0, le=1, description="Share of views with other light, white balance, blur, noise, JPEG blocks, covers."
    )
    min_crop: float = Field(0.4, gt=0, le=1, description="Smallest part of the picture's area that a crop shows.")
    zoom_out: float = Field(
        0.25, ge=0, le=1, description="Share of views in which the picture is only a part of the view."
    )
    harmless_scenes: float = Field(
        0.0, ge=0, le=2, description="Made-up neon, lamps, sunsets per picture of a detector's data, without a box."
    )
    mosaics: float = Field(
        0.0, ge=0, le=1, description="Share of a detector's views that are put together from four pictures."
    )

    @classmethod
    def none(cls) -> AugmentationPolicy:
        """Serving's own view of each picture, nothing else."""
        return cls(geometry=False, camera_faults=0)
