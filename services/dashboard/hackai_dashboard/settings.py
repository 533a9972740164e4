"""Addresses of the dashboard and of the services behind it."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from hackai_shared.settings import ServiceSettings


class DashboardSettings(ServiceSettings):
    """``HACKAI_…`` variables of the dashboard."""

    host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("HACKAI_DASHBOARD_HOST", "HACKAI_HOST"),
        description="address to listen on; 0.0.0.0 lets the network in",
    )
    dashboard_port: int = Field(8080, ge=0, le=65_535, description="the one port that is published")
    camera_url: str = Field("http://127.0.0.1:8081", description="address of the camera service")
    inference_url: str = Field("http://127.0.0.1:8082", description="address of the inference service")
    notifier_url: str = Field("http://127.0.0.1:8083", description="address of the notifier")
    compression_url: str = Field("http://127.0.0.1:8085", description="address of the compression service")

    def urls(self) -> dict[str, str]:
        """Return the address of each service that is known; without the face service nobody logs in by face."""
        faces = {"face_auth": self.face_auth_url} if self.face_auth_url else {}
        return {
            "camera": self.camera_url,
            "inference": self.inference_url,
            "notifier": self.notifier_url,
            "compression": self.compression_url,
            **faces,
        }
