"""What a service reads from its environment: addresses and secrets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Optional, Type, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from typing_extensions import Annotated, Literal

from hackai_shared.addresses import read_address

S = TypeVar("S", bound="ServiceSettings")


class SettingsError(ValueError):
    """An environment variable is missing or wrong; the message names it."""


def _redis_address(url: str) -> str:
    if not url.startswith("unix://"):
        read_address(url)
    return url


class ServiceSettings(BaseSettings):
    """``HACKAI_…`` variables that every service knows; subclasses add their own port and secrets.

    Each ``SecretStr`` field can also be given as the path of a file by the same name with ``_FILE``.
    """

    model_config = SettingsConfigDict(env_prefix="HACKAI_", frozen=True, extra="ignore")

    config: Path = Field(Path("config.yml"), description="path of config.yml")
    redis_url: Annotated[str, AfterValidator(_redis_address)] = Field(
        "redis://127.0.0.1:6379/0", description="address of Redis"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    data_dir: Path = Field(Path("data"), description="folder for what must survive a restart")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    instance: Optional[str] = Field(None, description="name of this replica; default: host name and process id")
    service_token: Optional[SecretStr] = Field(
        None, description="secret by which the services of one installation know each other, at least 32 characters"
    )
    face_auth_url: Optional[str] = Field(None, description="address of the face service, for its public key")
    jwks_file: Optional[Path] = Field(None, description="public key of the face service as a file")
    heartbeat_s: float = Field(2.0, gt=0, description="seconds between two heartbeats")


def read_settings(kind: Type[S]) -> S:
    """Return the settings of a service from the environment.

    Raises:
        SettingsError: a variable does not validate, or a ``…_FILE`` cannot be read.
    """
    overrides: Dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        variable = f"HACKAI_{name.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if path is None or field.annotation not in (SecretStr, Optional[SecretStr]):
            continue
        try:
            overrides[name] = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{variable}_FILE: cannot read {path}: {error.strerror}") from error
    try:
        return kind(**overrides)
    except ValidationError as error:
        lines = [f"HACKAI_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(lines)) from error
