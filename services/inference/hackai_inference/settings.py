"""What the inference service reads from its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from hackai_shared.settings import ServiceSettings


class InferenceSettings(ServiceSettings):
    """``HACKAI_…`` variables of the inference service."""

    # pydantic reserves the prefix "model_" for itself; models_dir is ours.
    model_config = SettingsConfigDict(env_prefix="HACKAI_", frozen=True, extra="ignore", protected_namespaces=())

    inference_port: int = Field(8082, ge=0, le=65535, description="port of the HTTP interface")
    models_dir: Path = Field(Path("models"), description="folder of model packages: <name>/<version>/manifest.json")

    @property
    def state_dir(self) -> Path:
        """The folder where this service keeps what must survive a restart: which model versions were activated."""
        return self.data_dir / "inference"
