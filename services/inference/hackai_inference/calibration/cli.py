"""``hackai calibrate``: how often would this camera cry wolf, and what does it cost to make it stop.

Without ``from __future__ import annotations``: before Python 3.10 typer sees no options in annotations that are texts.
"""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import List, Optional

import typer
from rich.console import Console
from rich.table import Table
from typing_extensions import Annotated

from hackai_inference.calibration import report
from hackai_inference.calibration.choice import Choice
from hackai_inference.calibration.footage import NoFootage
from hackai_inference.calibration.run import (
    decide,
    delays_of,
    redis_url,
    rules_of,
    watch_live,
    watch_recording,
)
from hackai_inference.calibration.trial import Alarm, Trial
from hackai_inference.calibration.watch import Watch
from hackai_inference.live.loaded_models import load_judges
from hackai_inference.runtimes import RuntimeUnavailable
from hackai_inference.settings import InferenceSettings
from hackai_shared.config import ConfigError, load_config
from hackai_shared.serving.decoding import ImageError
from hackai_shared.serving.gate_report import read_gate_report
from hackai_shared.serving.package import PackageError
from hackai_shared.serving.session import SessionError
from hackai_shared.settings import SettingsError, read_settings

PROGRESS_S = 1800.0
app = typer.Typer()
console = Console(highlight=False)


@app.command()
def calibrate(
    camera: Annotated[str, typer.Option(help="id of the camera in config.yml; nothing may burn there meanwhile")],
    hours: Annotated[float, typer.Option(min=0.0001, help="hours to watch, at most")] = 24.0,
    source: Annotated[
        Optional[Path], typer.Option(help="a recording instead of the live camera, or a folder of them or of pictures")
    ] = None,
    fires: Annotated[
        Optional[Path], typer.Option(help="recordings that begin with a fire, for the price in recall and time")
    ] = None,
    budget: Annotated[float, typer.Option(min=0.001, help="false alarms a week that are accepted")] = 1.0,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="confidence of the bound")] = 0.95,
    out: Annotated[Path, typer.Option(help="folder for report.json and calibration.png")] = Path("out/calibration"),
    config_file: Annotated[Optional[Path], typer.Option("--config", help="default: HACKAI_CONFIG")] = None,
) -> None:
    """Watch a camera's own quiet footage at several thresholds at once and choose the one that keeps the budget.

    Exit status 3 when no threshold keeps it.
    """
    try:
        settings = read_settings(InferenceSettings)
        config = load_config(config_file or settings.config)
        rules = rules_of(config, camera)
        judges = load_judges(settings.models_dir, settings.state_dir, config.inference)
        eyes = judges.eyes(config.inference.max_pixels)
        trial = Trial(config.inference.confirmation)
        watch = Watch(eyes, config.inference, rules, trial)
        fps = config.cameras[camera].fps
        progress = Progress()
        if source is None:
            console.print(
                f"watching {camera} for {hours:g} h; nothing may burn there. Ctrl-C ends it without a result."
            )
            asyncio.run(watch_live(watch, redis_url(settings), camera, hours=hours, note=progress.note))
        else:
            watch_recording(watch, source, fps, hours=hours, note=progress.note)
        delays = {} if fires is None else delays_of(fires, eyes, config, fps)
        usual = config.inference.confirmation.fire_reference
        last = judges.last_word
        judged = read_gate_report(last.classifier.package).of(last.ref.variant)
        choice = decide(trial, delays, budget=budget, usual=usual, confidence=confidence, judged=judged)
    except (SettingsError, ConfigError) as error:
        raise _given_up(error, 78) from error
    except (NoFootage, PackageError, RuntimeUnavailable, SessionError, ImageError) as error:
        raise _given_up(error, 1) from error
    _show(choice, camera, judges.names, report.price_known(choice, last.ref), out)


class Progress:
    """Says what would have been told, and every half hour that it is still watching."""

    def __init__(self) -> None:
        self._told_s = 0.0

    def note(self, at: datetime, alarms: List[Alarm], watched_s: float) -> None:
        """Take down a frame."""
        for alarm in alarms:
            console.print(f"{at:%Y-%m-%d %H:%M:%S} would alarm at {alarm.threshold:g}: {alarm.label}", style="yellow")
        if watched_s - self._told_s >= PROGRESS_S:
            self._told_s = watched_s
            console.print(f"{watched_s / 3600:.1f} h watched")


def _show(choice: Choice, camera: str, judges: str, price: str, out: Path) -> None:
    head, *rows = report.table(choice)
    printed = Table(*head)
    for row in rows:
        printed.add_row(*row)
    console.print(printed)
    console.print(price, soft_wrap=True, style="dim")
    console.print(report.verdict(choice), soft_wrap=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(choice.model_dump_json(indent=1), encoding="utf-8")
    try:
        report.draw(choice, camera, out / "calibration.png")
        console.print(f"Picture and report: {out}")
    except ImportError:
        console.print("no picture was drawn: pip install 'hackai-inference[bench]'", style="yellow", markup=False)
    if not choice.kept:
        raise typer.Exit(3)
    console.print("\nFor config.yml:\n", report.section(choice, camera, judges), sep="\n", markup=False)


def _given_up(error: Exception, code: int) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(code)
