"""Assembles the ``hackai`` command from the entry points of all installed services."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

import typer

from hackai_shared import __version__

GROUP = "hackai.commands"
HELP = "Watches cameras for fire and alerts people; only known faces control it."


def build(points: list[EntryPoint]) -> typer.Typer:
    """Return the command with one subcommand per entry point.

    An entry point is named ``<subcommand>`` or ``<subcommand>.<service>``: several services may bring parts of one
    group (``models.inference``, ``models.compression``), which are merged. An app with a single command becomes that
    command.
    """
    root = typer.Typer(
        name="hackai",
        help=HELP,
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
    )
    root.callback(help=HELP)(_options)
    groups: dict[str, list[typer.Typer]] = {}
    for point in sorted(points, key=lambda point: point.name):
        groups.setdefault(point.name.split(".")[0], []).append(point.load())
    for name, apps in groups.items():
        if len(apps) == 1 and len(apps[0].registered_commands) == 1 and not apps[0].registered_callback:
            command = apps[0].registered_commands[0]
            command.name = name
            root.registered_commands.append(command)
        else:
            root.add_typer(_merged(apps), name=name)
    return root


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hackai {__version__}")
        raise typer.Exit


def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options of the command itself."""


def _merged(apps: list[typer.Typer]) -> typer.Typer:
    first, *others = apps
    for other in others:
        first.registered_commands.extend(other.registered_commands)
        first.registered_groups.extend(other.registered_groups)
    return first


def main() -> None:
    """Run the command."""
    build(list(entry_points(group=GROUP)))()
