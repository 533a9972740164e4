"""``hackai config``: check the configuration, print its schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hackai_shared.config import ConfigError, HackAIConfig
from hackai_standalone.locations import models_dir
from hackai_standalone.usable_config import load_usable_config

app = typer.Typer(help="Check the configuration, print its JSON Schema.", no_args_is_help=True)


@app.command()
def check(path: Annotated[Path, typer.Argument(help="the configuration")] = Path("config.yml")) -> None:
    """Name every mistake with file, line and key; exit status 1 if there is one."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        config = load_usable_config(path, models_dir(), os.environ)
    except ConfigError as error:
        for problem in error.problems:
            console.print(f"[red]{problem}[/]")
        raise typer.Exit(1) from error
    enabled = [name for name, camera in config.cameras.items() if camera.enabled]
    console.print(f"[green]{path} is valid[/]: {len(enabled)} cameras ({', '.join(enabled) or 'none enabled'})")


@app.command()
def schema() -> None:
    """Print the JSON Schema, for editors that complete and check YAML."""
    typer.echo(json.dumps(HackAIConfig.model_json_schema(), indent=2))
