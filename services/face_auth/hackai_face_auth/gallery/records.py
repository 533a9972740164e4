"""People and their templates as the rest of the service sees them."""

from __future__ import annotations

from dataclasses import dataclass

from hackai_face_auth.engine.faces import Floats
from hackai_shared.security import Role


@dataclass(frozen=True)
class Person:
    """Somebody who is enrolled; times are seconds since the epoch."""

    person_id: str
    name: str
    role: Role
    created_at: float
    photos: int = 0


@dataclass(frozen=True)
class Template:
    """What is kept of one photo: never the photo itself.

    ``embedding`` is ``(512,) float32`` of length 1; ``quality`` the sharpness of the photo it came from.
    """

    template_id: str
    person_id: str
    model_id: str
    embedding: Floats
    quality: float
    created_at: float
