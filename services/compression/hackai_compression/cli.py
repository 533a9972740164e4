"""`hackai compress`: jobs for the compression worker, here or through its queue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hackai_compression.errors import CompressionError
from hackai_compression.jobs_cli import add_job_commands
from hackai_compression.pipeline.data import Folders
from hackai_compression.recipes import load_recipe, recipe_schema

app = typer.Typer(help="Make models small, and refuse the bad ones.", no_args_is_help=True)
add_job_commands(app)


PICTURES = Annotated[Path, typer.Option("--pictures", help="Folder with train/<class>/ and test/<class>/.")]
BOXES = Annotated[
    Path | None, typer.Option("--boxes", help="YOLO folder (images/, labels/) for recipes that use boxes.")
]
FILES = Annotated[Path | None, typer.Option("--files", help="Folder of the weights and packages that recipes name.")]
FEEDBACK = Annotated[Path | None, typer.Option("--feedback", help="ImageFolder of pictures marked as false alarms.")]


@app.command("run")
def run(
    recipe: Annotated[Path, typer.Argument(help="Recipe (YAML).")],
    pictures: PICTURES,
    out: Annotated[Path, typer.Option("--out", help="The job's folder; the same one again resumes it.")],
    boxes: BOXES = None,
    files: FILES = None,
    feedback: FEEDBACK = None,
) -> None:
    """Run a recipe in this process, without the queue; run it again to resume."""
    from hackai_compression.pipeline.run import run_recipe
    from hackai_compression.reports.page import write_report
    from hackai_compression.reports.terminal import LiveProgress, job_summary

    console = Console()
    errors = Console(stderr=True)
    try:
        parsed = load_recipe(recipe)
        with LiveProgress(errors) as live:
            outcomes = run_recipe(parsed, Folders(pictures, boxes, files, feedback), out, live)
    except CompressionError as error:
        errors.print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    page = write_report(out)
    console.print(job_summary(outcomes))
    console.print(f"report: {page}")


@app.command("experiment")
def experiment(
    file: Annotated[Path, typer.Argument(help="Experiment (YAML): arms of a recipe over seeds.")],
    pictures: PICTURES,
    out: Annotated[Path, typer.Option("--out", help="Folder; the same one again goes on.")],
    boxes: BOXES = None,
    files: FILES = None,
) -> None:
    """Compare arms of a recipe over several seeds; prints differences with 95 % intervals."""
    from hackai_compression.experiments import differences, read_experiment, run_experiment

    try:
        parsed = read_experiment(file)
        results = run_experiment(parsed, Folders(pictures, boxes, files), out)
    except CompressionError as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    for r in results:
        unseen = "" if r.left_out is None else f", left out {r.left_out:.4f}"
        typer.echo(f"{r.arm} (seed {r.seed}): {parsed.measured_on} {r.accuracy:.4f}{unseen}; {r.seconds:.0f} s")
    for d in differences(results, parsed.baseline):
        typer.echo(f"{d.arm} - {parsed.baseline}, {d.measure}: {d.mean:+.2f} points [{d.low:+.2f}, {d.high:+.2f}]")


@app.command("check")
def check(recipe: Annotated[Path, typer.Argument(help="Recipe (YAML).")]) -> None:
    """Say whether a recipe is valid, and what is wrong, with lines."""
    try:
        parsed = load_recipe(recipe)
    except CompressionError as error:
        Console(stderr=True).print(str(error), highlight=False)
        raise typer.Exit(1) from error
    typer.echo(f"{recipe.name}: {len(parsed.steps)} steps: {' > '.join(s.name for s in parsed.steps)}")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of recipes, for editors."""
    typer.echo(json.dumps(recipe_schema(), indent=1))


@app.command("report")
def report(
    out: Annotated[Path, typer.Argument(help="A job's folder.")],
    without_pictures: Annotated[
        bool, typer.Option("--without-pictures", help="Leave the grid of mistakes out: a copy that may be published.")
    ] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Write the page there instead of into the job.")] = None,
) -> None:
    """Write the report page of a job again."""
    from hackai_compression.reports.page import write_report

    try:
        typer.echo(str(write_report(out, pictures=not without_pictures, to=to)))
    except (OSError, ValueError) as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(1) from error


@app.command("leakage")
def leakage(
    train: Annotated[Path, typer.Argument(help="ImageFolder that a model may learn from.")],
    held_out: Annotated[Path, typer.Argument(help="ImageFolder that it is judged on.")],
) -> None:
    """Find near-duplicates between two folders; exit status 1 when there are any."""
    from hackai_compression.datasets.folder import read_image_folder
    from hackai_compression.datasets.near_duplicates import find_near_duplicates

    try:
        first, second = read_image_folder(train), read_image_folder(held_out)
    except CompressionError as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False)
        raise typer.Exit(2) from error
    pairs = find_near_duplicates([s.path for s in first.samples], [s.path for s in second.samples])
    for pair in pairs:
        typer.echo(f"{pair.first}\t{pair.second}\t{pair.distance} bits\t{pair.agreement:.2f}")
    raise typer.Exit(1 if pairs else 0)
