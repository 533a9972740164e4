"""`hackai compress submit|status|watch|cancel|worker|search`: the queue from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from redis import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from hackai_compression.errors import CompressionError
from hackai_compression.jobs.queue import resolve, submit
from hackai_compression.jobs.records import JobRecord, JobRequest
from hackai_compression.jobs.store import JobStore
from hackai_compression.recipes import load_recipe
from hackai_compression.settings import CompressionSettings
from hackai_shared.settings import SettingsError, read_settings

JOB = Annotated[str, typer.Argument(help="Id of the job.")]


def add_job_commands(app: typer.Typer) -> None:
    """Adds the commands that need Redis."""
    app.command("submit")(submit_command)
    app.command("status")(status_command)
    app.command("watch")(watch_command)
    app.command("cancel")(cancel_command)
    app.command("worker")(worker_command)
    app.command("search")(search_command)


def submit_command(
    recipe: Annotated[Path, typer.Argument(help="Recipe (YAML).")],
    pictures: Annotated[str, typer.Option(help="Folder below the folder of datasets.")],
    boxes: Annotated[str | None, typer.Option(help="YOLO folder below it.")] = None,
    files: Annotated[str | None, typer.Option(help="Folder of weights and packages below it.")] = None,
    feedback: Annotated[str | None, typer.Option(help="False alarms, below it.")] = None,
) -> None:
    """Queue a recipe; prints the job's id."""
    settings, store = _connect()
    try:
        request = JobRequest(recipe=load_recipe(recipe), pictures=pictures, boxes=boxes, files=files, feedback=feedback)
        resolve(request, settings.datasets_dir)
        typer.echo(submit(store.redis, request).id)
    except (CompressionError, RedisError) as error:
        raise _failed(error) from error


def status_command(job: Annotated[str | None, typer.Argument(help="Id; all jobs without it.")] = None) -> None:
    """Show jobs."""
    _, store = _connect()
    try:
        records = [store.get(job)] if job else store.all()
    except (CompressionError, RedisError) as error:
        raise _failed(error) from error
    Console().print(_table(records))


def watch_command(job: JOB) -> None:
    """Follow a job until it ends; exit status 1 unless it finished."""
    from hackai_compression.reports.terminal import LiveProgress

    _, store = _connect()
    after = "0"
    try:
        with LiveProgress(Console(stderr=True)) as live:
            while True:
                # Asked before the events are read: whatever was told until the end is then among them.
                record = store.get(job)
                for event_id, event in store.events(job, after, wait_ms=None if record.ended else 1000):
                    after = event_id
                    live(event)
                if record.ended:
                    break
    except (CompressionError, RedisError) as error:
        raise _failed(error) from error
    typer.echo(f"{record.state}: {record.error}" if record.error else record.state)
    raise typer.Exit(0 if record.state == "finished" else 1)


def cancel_command(job: JOB) -> None:
    """Cancel a job: at once while it waits, else at the end of the epoch."""
    _, store = _connect()
    try:
        typer.echo(store.cancel(job).state)
    except (CompressionError, RedisError) as error:
        raise _failed(error) from error


def worker_command(burst: Annotated[bool, typer.Option(help="End when the queue is empty.")] = False) -> None:
    """Work on jobs until stopped; start as many as there are cores, on as many machines as there are."""
    from hackai_compression.jobs.worker import work

    settings, _ = _connect()
    work(settings, burst=burst)


def search_command(
    space: Annotated[Path, typer.Argument(help="YAML: `recipe`, `vary`, `variant`.")],
    pictures: Annotated[str, typer.Option(help="Folder below the folder of datasets.")],
    trials: Annotated[int, typer.Option(min=1, help="Further trials.")] = 20,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Trials on the queue at a time.")] = 2,
    study: Annotated[str, typer.Option(help="Name; the same one goes on.")] = "search",
    boxes: Annotated[str | None, typer.Option(help="YOLO folder below the folder of datasets.")] = None,
    files: Annotated[str | None, typer.Option(help="Folder of weights and packages below it.")] = None,
) -> None:
    """Look for the front of accuracy, size and latency; trials are jobs, so every worker helps."""
    from hackai_compression.search_runner import run_search

    settings, store = _connect()
    try:
        front = run_search(
            space,
            settings,
            store,
            pictures=pictures,
            boxes=boxes,
            files=files,
            trials=trials,
            parallel=parallel,
            name=study,
        )
    except (CompressionError, RedisError) as error:
        raise _failed(error) from error
    table = Table(title=f"front of {study}")
    for title in ("trial", "accuracy", "bytes", "ms", "values", "job"):
        table.add_column(title)
    for row in front:
        values = ", ".join(f"{k}={v}" for k, v in row.values.items())
        figures = (f"{100 * row.accuracy:.2f} %", f"{row.size_bytes:.0f}", f"{row.latency_ms:.2f}")
        table.add_row(str(row.number), *figures, values, row.job)
    Console().print(table)


def _connect() -> tuple[CompressionSettings, JobStore]:
    try:
        settings = read_settings(CompressionSettings)
        redis = Redis.from_url(settings.redis_url)
        redis.ping()
    except (SettingsError, RedisError, OSError) as error:
        raise _failed(error) from error
    return settings, JobStore(redis)


def _failed(error: Exception) -> typer.Exit:
    Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False)
    return typer.Exit(1)


def _table(records: list[JobRecord]) -> Table:
    table = Table()
    for title in ("job", "recipe", "state", "created", "attempts", "worker", "error"):
        table.add_column(title)
    for r in records:
        created = f"{r.created_at:%Y-%m-%d %H:%M}"
        table.add_row(r.id, r.request.recipe.name, r.state, created, str(r.attempts), r.worker, r.error)
    return table
