"""``hackai demo``."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hackai_shared.logs import configure_logging
from hackai_shared.redaction import redact, redact_url
from hackai_standalone.demo.events import DemoEvent
from hackai_standalone.demo.run import DemoOptions, run_demo
from hackai_standalone.demo.sources import SourceError, is_endless, source_config
from hackai_standalone.embedded_redis import EmbeddedRedisError
from hackai_standalone.locations import BUNDLED_CLIP, models_dir
from hackai_standalone.stack import StackError

app = typer.Typer()


@app.command()
def demo(
    source: Annotated[
        str | None, typer.Option(help="video file, folder of pictures, URL or device; default: the bundled clip")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print each event as one JSON line")] = False,
    out: Annotated[Path, typer.Option(help="folder for the annotated pictures, clips and logs")] = Path("out/demo"),
    fps: Annotated[float, typer.Option(min=0.1, max=60, help="frames per second that are judged at most")] = 10.0,
) -> None:
    """Watch one source and show the alarm: needs no Docker, no account, no configuration."""
    configure_logging("demo", level="warning", format="console")
    errors = Console(stderr=True)
    argument = str(BUNDLED_CLIP) if source is None else source
    try:
        options = DemoOptions(
            source=source_config(argument),
            name="bundled clip" if source is None else redact_url(argument),
            out=out,
            models_dir=models_dir(),
            fps=fps,
            endless=is_endless(argument),
        )
    except SourceError as error:
        errors.print(error, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    try:
        asyncio.run(_run(options, _teller(as_json)))
    except (StackError, EmbeddedRedisError) as error:
        errors.print(redact(str(error)), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error


def _teller(as_json: bool) -> Callable[[DemoEvent], None]:
    console = Console(highlight=False, soft_wrap=True)

    def tell(event: DemoEvent) -> None:
        if as_json:
            sys.stdout.write(event.json() + "\n")
            sys.stdout.flush()
        else:
            console.print(event.sentence)

    return tell


async def _run(options: DemoOptions, tell: Callable[[DemoEvent], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_demo(options, tell, stop)
