"""`hackai models import`: a detector that was trained elsewhere becomes a package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hackai_compression.errors import CompressionError
from hackai_compression.reports.terminal import detection_table


def import_command(
    file: Annotated[Path, typer.Argument(help="ONNX export of YOLOv5, v8, v9, v10 or v11.")],
    name: Annotated[str, typer.Option(help="Name of the package.")],
    version: Annotated[int, typer.Option(min=1, help="Version of the package.")] = 1,
    models: Annotated[Path, typer.Option(help="Folder of the model packages.")] = Path("models"),
    classes: Annotated[str, typer.Option(help="Names in their order, with commas; instead of the file's own.")] = "",
    size: Annotated[int | None, typer.Option(min=32, help="Side in pixels, where the file leaves it open.")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the model, where the file does not say it.")] = "",
    judge: Annotated[
        Path | None, typer.Option(help="YOLO folder to judge it on; a service loads only what was judged.")
    ] = None,
    split: Annotated[str, typer.Option(help="images/<split> and labels/<split> of that folder.")] = "val",
    min_map50: Annotated[float, typer.Option(min=0, max=1, help="The floor below which it is refused.")] = 0.0,
) -> None:
    """Make a package of somebody's detector; the layout is recognised from the file."""
    from hackai_compression.datasets.boxes import read_yolo_folder
    from hackai_compression.importing.detector import Wishes, import_detector, names_in
    from hackai_compression.importing.layouts import EXPLAINED

    console, errors = Console(), Console(stderr=True)
    chosen = tuple(part.strip() for part in classes.split(",") if part.strip())
    try:
        kinds = chosen or names_in(file)
        samples = read_yolo_folder(judge, split, kinds).samples if judge is not None else ()
        wishes = Wishes(name, version, chosen, size, licence)
        made = import_detector(file, models, wishes, samples=samples, min_map50=min_map50)
    except CompressionError as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    console.print(f"{made.folder}: {EXPLAINED[made.layout.kind]}; {made.width} x {made.height} px", highlight=False)
    for finding in made.findings:
        console.print(f"not for TensorRT 8.5: {finding}", highlight=False)
    if made.verdict is None:
        console.print("not judged: no service loads it; import it again with --judge <YOLO folder>", highlight=False)
        return
    console.print(detection_table(made.verdict.evaluations))
    if not made.verdict.passed:
        errors.print(f"[red]refused:[/red] {'; '.join(made.verdict.reasons)}", highlight=False)
        raise typer.Exit(2)
