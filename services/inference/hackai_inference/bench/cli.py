"""``hackai bench``.

Without ``from __future__ import annotations``: before Python 3.10 typer sees no options in annotations that are texts.
"""

from pathlib import Path
from typing import List, Optional

import typer
from rich.console import Console
from typing_extensions import Annotated

from hackai_inference.bench.accuracy import PicturesError
from hackai_inference.bench.contest import Arena, arena_of, newest_packages
from hackai_inference.bench.picture import draw
from hackai_inference.bench.report import Report, table, verdict
from hackai_inference.bench.run import run
from hackai_inference.runtimes import RuntimeUnavailable, resolve_runtime
from hackai_inference.settings import InferenceSettings
from hackai_shared.serving.package import ModelPackage, PackageError, open_package
from hackai_shared.settings import SettingsError, read_settings

app = typer.Typer()


@app.command()
def bench(
    model: Annotated[Optional[str], typer.Option(help="one model; without it, the newest version of each")] = None,
    runtime: Annotated[str, typer.Option(help="auto, onnxruntime, openvino or tensorrt")] = "auto",
    seconds: Annotated[float, typer.Option(min=0.1, help="seconds per figure")] = 5.0,
    workers: Annotated[int, typer.Option(min=1, max=16, help="callers at the same time for the throughput")] = 2,
    threads: Annotated[int, typer.Option(min=1, max=64, help="threads of one inference on a CPU")] = 1,
    gate: Annotated[
        bool, typer.Option("--gate", help="compare INT8 with the default; on a Jetson, activate it if it passes")
    ] = False,
    pictures: Annotated[
        Optional[Path], typer.Option(help="labelled pictures for --gate: a folder per class, not used for training")
    ] = None,
    json_file: Annotated[Optional[Path], typer.Option("--json", help="write the report as JSON")] = None,
    picture: Annotated[Optional[Path], typer.Option(help="write the report as a picture (PNG)")] = None,
    models: Annotated[Optional[Path], typer.Option(help="folder of model packages; default: HACKAI_MODELS_DIR")] = None,
) -> None:
    """Measure latency, throughput, power mode, clocks and temperature per model and precision.

    On a Jetson stop the inference service first: two CUDA processes do not fit its memory. Exit status 1 when
    something could not be measured or the gate refused.
    """
    if gate and pictures is None:
        raise _give_up("--gate needs --pictures: a folder with one folder of pictures per class")
    console = Console(stderr=True, highlight=False)
    try:
        settings = read_settings(InferenceSettings)
        arena = arena_of(resolve_runtime(runtime), threads, settings.state_dir)
        report = run(
            _packages(models or settings.models_dir, model),
            arena,
            seconds=seconds,
            workers=workers,
            pictures=pictures,
            gate=gate,
            tell=lambda text: console.print(text, style="dim"),
        )
    except (SettingsError, RuntimeUnavailable, PackageError, PicturesError) as error:
        raise _give_up(str(error)) from error
    _show(report)
    _write(report, json_file, picture)
    if report.failures or not report.rows or (gate and not _all_passed(report, arena)):
        raise typer.Exit(1)


def _packages(folder: Path, name: Optional[str]) -> List[ModelPackage]:
    found = newest_packages(folder, name)
    if not found:
        raise PackageError(f"{folder}: no package {name or 'of any model'}; set --models or HACKAI_MODELS_DIR")
    return [open_package(path) for path in found]


def _show(report: Report) -> None:
    console = Console(highlight=False)
    console.print(table(report))
    for failure in report.failures:
        console.print(f"{failure.model} {failure.variant} {failure.precision}: {failure.reason}", style="red")
    for gate in report.gates:
        console.print(verdict(gate), style="green" if gate.passed else "yellow")


def _write(report: Report, json_file: Optional[Path], picture: Optional[Path]) -> None:
    try:
        if json_file is not None:
            json_file.write_text(report.model_dump_json(indent=1), encoding="utf-8")
        if picture is not None:
            draw(report, picture)
    except ImportError as error:
        raise _give_up(f"no picture: {error}; pip install 'hackai-inference[bench]'") from error
    except OSError as error:
        raise _give_up(str(error)) from error


def _all_passed(report: Report, arena: Arena) -> bool:
    if not report.gates:
        typer.echo(f"the gate had nothing to compare: no model has {arena.candidate.variant}", err=True)
        return False
    return all(gate.passed for gate in report.gates)


def _give_up(reason: str) -> typer.Exit:
    typer.echo(reason, err=True)
    return typer.Exit(2)
