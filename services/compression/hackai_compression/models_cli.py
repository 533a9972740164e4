"""`hackai models evaluate`: judges any package on any folder, with the judge's own code, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.errors import CompressionError
from hackai_compression.judging.evaluate import evaluate
from hackai_compression.judging.latency import measure_latency
from hackai_compression.reports.terminal import evaluation_table
from hackai_shared.serving.package import PackageError, open_package
from hackai_shared.serving.session import SessionError, choose_variant

app = typer.Typer(help="Model packages.", no_args_is_help=True)


@app.callback()
def models() -> None:
    """Model packages."""


@app.command("evaluate")
def evaluate_command(
    package: Annotated[Path, typer.Argument(help="Folder of a model package (with manifest.json).")],
    folder: Annotated[Path, typer.Argument(help="ImageFolder: one sub-folder of pictures per class.")],
    variant: Annotated[str, typer.Option(help="fp32, int8, int8-trt; auto: the one that serves.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the runtime.")] = 1,
    repetitions: Annotated[int, typer.Option(min=5, help="Latency measurements.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Accuracy, recall, confusion, recall at false-alarm rates, AUROC, size and latency of a package."""
    errors = Console(stderr=True)
    try:
        opened = open_package(package, require_gate=False)
        chosen = choose_variant(opened, "onnxruntime", variant)
        dataset = read_image_folder(folder, opened.manifest.classes)
        latency = [measure_latency([(opened, chosen)], threads=t, repetitions=repetitions)[0] for t in (1, 2)]
        with errors.status(f"{opened.id} {chosen} on {len(dataset)} pictures"):
            found, _ = evaluate(opened, chosen, dataset, latency=latency, threads=threads)
    except (CompressionError, PackageError, SessionError) as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        Console().print(evaluation_table([found]))
