"""The hackai command is assembled from the entry points of all services."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from hackai_standalone.command import GROUP, build


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """Three services: one brings a single command, two bring parts of one group."""
    single, first, second = typer.Typer(), typer.Typer(help="Models."), typer.Typer()
    for app, name in ((single, "whatever"), (first, "list"), (first, "activate"), (second, "evaluate")):
        app.command(name)(lambda name=name: typer.echo(f"{name} ran"))
    module = ModuleType("some_services")
    module.__dict__.update(single=single, first=first, second=second)
    monkeypatch.setitem(sys.modules, "some_services", module)
    return [
        EntryPoint("demo", "some_services:single", GROUP),
        EntryPoint("models.inference", "some_services:first", GROUP),
        EntryPoint("models.compression", "some_services:second", GROUP),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["demo"], "whatever ran"),
        (["models", "list"], "list ran"),
        (["models", "activate"], "activate ran"),
        (["models", "evaluate"], "evaluate ran"),
    ],
)
def test_each_service_brings_its_commands(services: list[EntryPoint], arguments: list[str], expected: str) -> None:
    result = CliRunner().invoke(build(services), arguments)

    assert result.exit_code == 0, result.output
    assert result.output.strip() == expected
