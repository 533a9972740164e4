"""Assembles the ``hackai`` command from the entry points of all installed services."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from hackai_shared import __version__
from hackai_standalone.summaries import summary_of

GROUP = "hackai.commands"
HELP = "Watches cameras for fire and alerts people; only known faces control it."


def build(points: list[EntryPoint]) -> typer.Typer:
    """Return the command with one subcommand per entry point.

    An entry point is named ``<subcommand>`` or ``<subcommand>.<service>``: several services may bring parts of one
    group (``models.inference``, ``models.compression``), which are merged. An app with a single command becomes that
    command. Only the services of the subcommand that runs are imported.
    """
    parts: dict[str, list[EntryPoint]] = {}
    for point in sorted(points, key=lambda point: point.name):
        parts.setdefault(point.name.split(".")[0], []).append(point)

    class Subcommands(TyperGroup):
        """The subcommands of all services; a service is imported when one of its commands runs."""

        def __init__(self, **attributes: Any) -> None:
            listed = {name: TyperCommand(name, help=summary_of(found[0])) for name, found in parts.items()}
            super().__init__(**{**attributes, "commands": listed})

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            name, _, rest = super().resolve_command(ctx, args)
            return name, None if name is None else _load(name, parts[name]), rest

    root = typer.Typer(
        name="hackai", help=HELP, cls=Subcommands, no_args_is_help=True, pretty_exceptions_show_locals=False
    )
    root.callback()(_options)
    return root


def _load(name: str, parts: list[EntryPoint]) -> Any:
    first, *others = [part.load() for part in parts]
    for other in others:
        first.registered_commands.extend(other.registered_commands)
        first.registered_groups.extend(other.registered_groups)
    command = typer.main.get_command(first)
    command.name = name
    return command


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


def main() -> None:
    """Run the command."""
    build(list(entry_points(group=GROUP)))()
