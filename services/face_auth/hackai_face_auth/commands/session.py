"""What the commands share: the configuration, errors in one line, work on the gallery of this machine."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from hackai_face_auth.core import Core, build_core, load_engine
from hackai_face_auth.errors import FaceAuthError
from hackai_face_auth.settings import FaceAuthSettings
from hackai_shared.config import ConfigError, load_config
from hackai_shared.config.faces import FacesConfig
from hackai_shared.logs import configure_logging
from hackai_shared.messages import Actor
from hackai_shared.settings import SettingsError, read_settings

errors = Console(stderr=True)


def read_config(path: Path | None) -> tuple[FaceAuthSettings, FacesConfig]:
    """Return settings and the section ``faces``; its defaults where no configuration file is there and none was named.

    Raises:
        ConfigError, SettingsError: see there.
    """
    settings = read_settings(FaceAuthSettings)
    chosen = path or settings.config
    if path is None and not chosen.exists():
        return settings, FacesConfig()
    return settings, load_config(chosen).faces


@contextmanager
def failing_in_one_line() -> Iterator[None]:
    """Turn the errors of the domain into one line and status 1 (2 for a wrong configuration)."""
    configure_logging("face_auth", level="warning", format="console")
    try:
        yield
    except (ConfigError, SettingsError) as error:
        errors.print(str(error), style="red", highlight=False, markup=False)
        raise typer.Exit(2) from error
    except FaceAuthError as error:
        errors.print(str(error), style="red", highlight=False, markup=False)
        raise typer.Exit(1) from error


def local_core(config: Path | None) -> Core:
    """Return the gallery of this machine; whoever can read its key may administer it, which is what is audited.

    Raises:
        ConfigError, SettingsError, FaceAuthError: see there.
    """
    settings, faces = read_config(config)
    return build_core(settings, faces, load_engine(faces))


def local_actor() -> Actor:
    """Return the user of this machine as an actor of the audit trail."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return Actor(channel="cli", id=user, name=user, proof="configuration")
