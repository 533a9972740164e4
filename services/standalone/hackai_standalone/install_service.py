"""``hackai install-service``: runs `hackai up` under systemd, which restarts it when it ends or hangs."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()

UNIT = "hackai.service"
SYSTEM = Path("/etc/systemd/system")

TEMPLATE = """\
[Unit]
Description=HackAI fire watch
Wants=network-online.target
After=network-online.target
# Started again for as long as it takes: a fire watch never gives up.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
User={user}
WorkingDirectory={folder}
ExecStart={command}
{environment}# It says every 15 s that its supervisor works; a supervisor that hangs is killed and started again.
WatchdogSec=30
Restart=always
RestartSec=2
# The services of a small box start one after the other and load their models.
TimeoutStartSec=15min
TimeoutStopSec=50
# SIGTERM for `hackai up`, which stops the services in order; SIGKILL for whatever is left.
KillMode=mixed
# 78: the configuration is wrong, and stays so until somebody changes it.
RestartPreventExitStatus=78
UMask=0077
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=yes
OOMPolicy=continue
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
"""


@app.command()
def install_service(
    config: Annotated[Path, typer.Option("-c", "--config", help="Configuration file.")] = Path("config.yml"),
    data: Annotated[Path, typer.Option(help="Folder for what must survive a restart.")] = Path("data"),
    environment_file: Annotated[
        Path | None, typer.Option(help="File with HACKAI_... variables, for example the bot token.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="User that runs it; default: the current user.")] = None,
    show: Annotated[bool, typer.Option("--print", help="Print the unit instead of installing it.")] = False,
) -> None:
    """Install `hackai up` as a systemd service that starts at boot and restarts when it fails or hangs."""
    console = Console(stderr=True, highlight=False)
    if not config.is_file():
        console.print(f"[red]There is no configuration at {config}.[/] Name it with --config.")
        raise typer.Exit(1)
    unit = unit_text(
        config.resolve(),
        data.resolve(),
        user=user or os.environ.get("SUDO_USER") or getpass.getuser(),
        folder=Path.cwd(),
        environment_file=None if environment_file is None else environment_file.resolve(),
    )
    if show:
        typer.echo(unit, nl=False)
        return
    if shutil.which("systemctl") is None or not SYSTEM.is_dir():
        console.print("[red]This machine does not run systemd.[/] --print shows the unit.")
        raise typer.Exit(1)
    try:
        (SYSTEM / UNIT).write_text(unit, encoding="utf-8")
    except OSError as error:
        console.print(f"[red]Cannot write {SYSTEM / UNIT}: {error.strerror}.[/] Run it with sudo.")
        raise typer.Exit(1) from error
    for command in (("systemctl", "daemon-reload"), ("systemctl", "enable", "--now", UNIT)):
        if subprocess.run(command, check=False).returncode != 0:  # noqa: S603
            console.print(f"[red]{' '.join(command)} failed.[/] See the message above.")
            raise typer.Exit(1)
    console.print(f"Installed {SYSTEM / UNIT}. Follow it with: journalctl -fu hackai")


def unit_text(config: Path, data: Path, *, user: str, folder: Path, environment_file: Path | None) -> str:
    """Return the unit."""
    parts = (sys.executable, "-m", "hackai_standalone", "up", "--config", str(config), "--data", str(data))
    command = " ".join(map(_quoted, (*parts, "--log-format", "json")))
    environment = "" if environment_file is None else f"EnvironmentFile={_plain(environment_file)}\n"
    return TEMPLATE.format(user=user, folder=_plain(folder), command=command, environment=environment)


def _quoted(argument: str) -> str:
    """Return an argument as systemd reads it: % and $ stand for nothing but themselves (systemd.service(5))."""
    return shlex.quote(_plain(argument)).replace("$", "$$")


def _plain(value: str | Path) -> str:
    return str(value).replace("%", "%%")
