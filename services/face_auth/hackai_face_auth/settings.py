"""What the face service reads from its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from hackai_shared.settings import ServiceSettings


class FaceAuthSettings(ServiceSettings):
    """``HACKAI_…`` variables of the face service; each secret also as ``…_FILE``."""

    face_auth_port: int = Field(8084, ge=1, le=65535, description="TCP port")
    gallery_key: SecretStr | None = Field(
        None, description="secret that encrypts the gallery; without it one is made beside the gallery at first start"
    )

    @property
    def folder(self) -> Path:
        """Where gallery and keys live."""
        return self.data_dir / "face_auth"
