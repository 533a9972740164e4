"""The hackai command is assembled from the entry points of all services."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from hackai_shared import __version__
from hackai_standalone.command import GROUP, build
from hackai_standalone.summaries import summary_of

ROOT = Path(__file__).parents[3]


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


def test_the_version_is_printed_without_a_subcommand(services: list[EntryPoint]) -> None:
    result = CliRunner().invoke(build(services), ["--version"])

    assert result.exit_code == 0, result.output
    assert result.output.strip() == f"hackai {__version__}"


def test_every_package_image_and_the_changelog_have_one_version() -> None:
    stated = {
        path.relative_to(ROOT): found
        for pattern, expression in (
            ("shared/pyproject.toml", r'^version = "(.+)"$'),
            ("services/*/pyproject.toml", r'^version = "(.+)"$'),
            ("services/*/Dockerfile*", r"^ARG VERSION=(.+)$"),
            ("CHANGELOG.md", r"^## (\d+\.\d+\.\d+)"),
            ("CITATION.cff", r"^version: (.+)$"),
        )
        for path in ROOT.glob(pattern)
        for found in re.findall(expression, path.read_text(encoding="utf-8"), re.MULTILINE)[:1]
    }

    assert set(stated.values()) == {__version__}, stated
    assert len(stated) >= 10


def test_help_imports_no_service() -> None:
    program = (
        "import sys; from hackai_standalone.command import main; sys.argv = ['hackai', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'fastapi', 'scipy', 'onnxruntime', 'redis', 'cv2'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("point", entry_points(group=GROUP), ids=lambda point: point.name)
def test_the_summary_in_the_list_is_the_help_of_the_command(point: EntryPoint) -> None:
    command = typer.main.get_command(point.load())

    assert summary_of(point) == " ".join((command.help or "").split("\n\n")[0].split())


def test_an_unknown_command_is_refused_with_a_suggestion(services: list[EntryPoint]) -> None:
    result = CliRunner().invoke(build(services), ["model"])

    assert result.exit_code == 2
    assert "models" in result.output
