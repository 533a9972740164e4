"""The letters on drawn pictures."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from PIL import ImageFont


@lru_cache(maxsize=16)
def font(size: int) -> Any:
    """Return the built-in font of Pillow at a size in pixels: no file of the system is needed."""
    return ImageFont.load_default(size)
