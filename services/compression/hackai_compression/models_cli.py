"""`hackai models evaluate`: judges any package on any folder, with the judge's own code, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hackai_compression.datasets.boxes import read_yolo_folder
from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.errors import CompressionError
from hackai_compression.import_cli import import_command
from hackai_compression.judging.detection_verdict import DetectionEvaluation
from hackai_compression.judging.evaluate import evaluate
from hackai_compression.judging.evaluate_detector import evaluate_detector
from hackai_compression.judging.latency import measure_latency
from hackai_compression.judging.verdict import Evaluation
from hackai_compression.reports.terminal import detection_source_table, detection_table, evaluation_table, source_table
from hackai_shared.serving.package import PackageError, open_package
from hackai_shared.serving.session import SessionError, choose_variant

app = typer.Typer(help="Model packages.", no_args_is_help=True)


app.command("import")(import_command)


@app.callback()
def models() -> None:
    """Model packages."""


@app.command("evaluate")
def evaluate_command(
    package: Annotated[Path, typer.Argument(help="Folder of a model package (with manifest.json).")],
    folder: Annotated[
        Path,
        typer.Argument(help="ImageFolder: one sub-folder of pictures per class. Of a detector: a YOLO folder."),
    ],
    variant: Annotated[str, typer.Option(help="fp32, int8, int8-trt; auto: the one that serves.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the runtime.")] = 1,
    repetitions: Annotated[int, typer.Option(min=5, help="Latency measurements.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    split: Annotated[str, typer.Option(help="Of a detector: images/<split> and labels/<split> are read.")] = "val",
) -> None:
    """Figures of a package, as it serves.

    Of a classifier: accuracy, recall, confusion, alarms (recall at 1 % and 0.1 % false alarms, recall and false alarms
    at the thresholds that ship, per source; all with exact bounds), AUROC, size and latency. Of a detector: pointing
    accuracy and overlap of the areas, per class and source, mAP50, average precision and recall at fixed wrong boxes
    per picture for every class, size and latency.
    """
    errors = Console(stderr=True)
    try:
        opened = open_package(package, require_gate=False)
        chosen = choose_variant(opened, "onnxruntime", variant)
        detector = opened.manifest.task == "detection"
        classes = tuple(opened.manifest.classes)
        dataset = read_yolo_folder(folder, split, classes) if detector else read_image_folder(folder, classes)
        latency = [measure_latency([(opened, chosen)], threads=t, repetitions=repetitions)[0] for t in (1, 2)]
        found: Evaluation | DetectionEvaluation
        with errors.status(f"{opened.id} {chosen} on {len(dataset)} pictures"):
            if detector:
                found = evaluate_detector(opened, chosen, dataset.samples, latency=latency, threads=threads)
            else:
                found, _ = evaluate(opened, chosen, dataset, latency=latency, threads=threads)
    except (CompressionError, PackageError, SessionError) as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        console = Console()
        for table in _tables(found):
            console.print(table)


def _tables(found: Evaluation | DetectionEvaluation) -> list[Table]:
    whole, by_source = (
        (detection_table([found]), detection_source_table(found))
        if isinstance(found, DetectionEvaluation)
        else (evaluation_table([found]), source_table(found))
    )
    return [whole, *([by_source] if by_source is not None else [])]
