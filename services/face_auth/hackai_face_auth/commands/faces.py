"""``hackai faces …``: people, codes, evaluation, calibration."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hackai_face_auth.commands.reports import print_calibration, print_evaluation
from hackai_face_auth.commands.session import errors, failing_in_one_line, local_actor, local_core, read_config
from hackai_face_auth.core import load_engine
from hackai_face_auth.evaluation.run import run_calibration, run_evaluation
from hackai_shared.security import Role

app = typer.Typer(help="People, and how well they are recognized.", add_completion=False, no_args_is_help=True)

Config = Annotated[Path | None, typer.Option(help="configuration file; default: HACKAI_CONFIG")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
DAY_S = 86_400.0


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="folder with people/<name>/ and impostors/")],
    pairs: Annotated[Path | None, typer.Option(help="CSV with a, b, same; default: pairs.csv in the folder")] = None,
    photos: Annotated[int, typer.Option(min=1, max=20, help="photos per person in the gallery of the open set")] = 3,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure verification (TAR at FAR), failures to detect and open-set identification on a folder of photos."""
    with failing_in_one_line():
        _, faces = read_config(config)
        listed = pairs if pairs is None or pairs.is_absolute() or pairs.exists() else folder / pairs
        report = run_evaluation(folder, listed or folder / "pairs.csv", load_engine(faces), faces, photos=photos)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        print_evaluation(report)


@app.command()
def calibrate(
    folder: Annotated[Path, typer.Argument(help="folder of strangers: one photo of each person")],
    far: Annotated[float, typer.Option(min=1e-7, max=0.1, help="wanted rate of false accepts")] = 1e-3,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Print the threshold for a wanted rate of false accepts, with its confidence bound."""
    with failing_in_one_line():
        _, faces = read_config(config)
        report = run_calibration(folder, load_engine(faces), faces, far=far)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        print_calibration(report)


@app.command()
def people(as_json: AsJson = False, config: Config = None) -> None:
    """List everybody who is enrolled on this machine."""
    with failing_in_one_line():
        core = local_core(config)
        everybody = core.store.people()
        core.database.close()
    if as_json:
        typer.echo(json.dumps([{**asdict(person), "role": person.role.value} for person in everybody], indent=2))
        return
    table = Table("name", "role", "photos", "since", "id")
    for person in everybody:
        since = datetime.fromtimestamp(person.created_at, UTC).strftime("%Y-%m-%d")
        table.add_row(person.name, person.role.value, str(person.photos), since, person.person_id)
    Console().print(table)


@app.command()
def delete(
    name: Annotated[str, typer.Argument(help="name of the person")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    config: Config = None,
) -> None:
    """Delete a person for good: record, embeddings, sessions. Backups that you made are yours to delete."""
    with failing_in_one_line():
        core = local_core(config)
        person = core.store.find_name(name)
        if person is None:
            errors.print(f"nobody is enrolled as {name}", style="red", markup=False)
            raise typer.Exit(1)
        if not yes:
            typer.confirm(f"Delete {person.name} for good?", abort=True)
        core.sessions.revoke(person_id=person.person_id)
        core.store.delete_person(person.person_id, force=True)
        core.audit.record(local_actor(), "delete-person", "allowed", target=person.person_id)
        core.database.close()
    Console().print(f"{person.name} is deleted", markup=False)


@app.command()
def invite(
    role: Annotated[Role, typer.Option(help="what the person may do")] = Role.VIEWER,
    days: Annotated[float, typer.Option(min=0.01, max=30, help="how long the code is good for")] = 1.0,
    config: Config = None,
) -> None:
    """Print a one-time code that lets somebody in: /enroll CODE NAME with a photo, or /join CODE from a new chat."""
    with failing_in_one_line():
        core = local_core(config)
        code = core.codes.issue(role, expires_at=time.time() + days * DAY_S)
        core.audit.record(local_actor(), "invite", "allowed", detail=role.value)
        core.database.close()
    typer.echo(code)


@app.command()
def devices(as_json: AsJson = False, config: Config = None) -> None:
    """List the chats and browsers that may ask for a challenge, beside the chats of the configuration."""
    with failing_in_one_line():
        core = local_core(config)
        known = core.devices.known()
        core.database.close()
    if as_json:
        typer.echo(json.dumps([{**asdict(device), "expires_at": str(device.expires_at)} for device in known], indent=2))
        return
    table = Table("device", "how", "vouched for by", "person", "since")
    for device in known:
        since = datetime.fromtimestamp(device.created_at, UTC).strftime("%Y-%m-%d")
        table.add_row(device.client, device.how, device.vouched_by, device.person_id, since)
    Console().print(table)


@app.command()
def forget(
    client: Annotated[str, typer.Argument(help="telegram:… or dashboard:…, as `hackai faces devices` prints it")],
    config: Config = None,
) -> None:
    """Forget a chat or browser: it gets no challenge any more, and its sessions end."""
    with failing_in_one_line():
        core = local_core(config)
        gone = core.devices.remove(client=client)
        if not gone:
            errors.print(f"there is no device {client}", style="red", markup=False)
            raise typer.Exit(1)
        core.sessions.revoke(client=client)
        core.audit.record(local_actor(), "forget-device", "allowed", target=client)
        core.database.close()
    Console().print(f"{client} is forgotten", markup=False)
