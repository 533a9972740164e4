"""``hackai doctor``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hackai_shared.config import ConfigError, HackAIConfig, load_config
from hackai_standalone.doctor.checks import ALL_CHECKS
from hackai_standalone.doctor.finding import Finding, Patient
from hackai_standalone.doctor.jetson import JETSON_CHECKS
from hackai_standalone.locations import models_dir
from hackai_standalone.up import service_ports

app = typer.Typer()
MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "problem": "[red]problem[/]"}


@app.command()
def doctor(
    config: Annotated[Path, typer.Option("-c", "--config", help="the configuration")] = Path("config.yml"),
    data: Annotated[Path, typer.Option(help="folder for what must survive a restart")] = Path("data"),
    jetson: Annotated[bool, typer.Option("--jetson", help="also what only a Jetson can have wrong")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
) -> None:
    """Say what is wrong and how to mend it; exit status 1 if something is."""
    patient = Patient(config, _configuration(config), models_dir(), data, service_ports(), dict(os.environ))
    checks = [*ALL_CHECKS, *(JETSON_CHECKS if jetson else [])]
    findings = [finding for check in checks for finding in check(patient)]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


def _configuration(path: Path) -> HackAIConfig | None:
    try:
        return load_config(path)
    except ConfigError:  # the check "configuration" reports it
        return None


def _print(findings: list[Finding]) -> None:
    table = Table("check", "", "what", "how to mend it", show_edge=False, pad_edge=False)
    for finding in findings:
        table.add_row(finding.check, MARKS[finding.level], finding.issue, finding.suggestion)
    Console(highlight=False).print(table)
