"""``hackai models …``: which versions there are, and which one judges; over REST."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

import httpx
import typer

from hackai_shared.settings import ServiceSettings, SettingsError, read_settings

DEFAULT_URL = "http://127.0.0.1:8082"
app = typer.Typer(help="Model versions of the inference service.", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """Show every model version; the active one has a star."""
    for model in _call("GET", "/v1/models")["models"]:
        for version in model["versions"]:
            star = "*" if version["active"] else " "
            note = version["detail"] if not version["usable"] else ", ".join(sorted(version["variants"]))
            typer.echo(f"{star} {model['name']}/{version['version']}  {version['architecture'] or ''}  {note}".rstrip())


@app.command()
def activate(name: str, version: int) -> None:
    """Verify and load a version, then let it judge."""
    _report(_call("POST", f"/v1/models/{name}/versions/{version}/activate"))


@app.command()
def rollback(name: str) -> None:
    """Return to the version that was active before."""
    _report(_call("POST", f"/v1/models/{name}/rollback"))


@app.command()
def shadow(
    name: str,
    version: int,
    share: float = typer.Option(0.1, min=0.001, max=1.0, help="Share of the frames of every camera."),
    stop: bool = typer.Option(False, "--stop", help="End the comparison instead."),
) -> None:
    """Compare a version with the active one on live frames."""
    if stop:
        _show(_call("DELETE", f"/v1/models/{name}/shadow"))
        return
    _show(_call("POST", f"/v1/models/{name}/versions/{version}/shadow", {"share": share}))


@app.command()
def compare(name: str) -> None:
    """Show two versions beside each other: what the judge found, and what live frames say."""
    found = _call("GET", f"/v1/models/{name}/shadow")
    versions = {entry["version"]: entry for entry in _call("GET", f"/v1/models/{name}")["versions"]}
    pair = [found["active_version"], found["other_version"]]
    judged = [_judged(versions.get(number, {})) for number in pair]
    typer.echo(f"{'':38}{pair[0]:>12}{pair[1]:>12}")
    for figure in sorted({key for figures in judged for key in figures}):
        row = [f"{figures[figure]:.4f}" if figure in figures else "-" for figures in judged]
        typer.echo(f"{figure:38}{row[0]:>12}{row[1]:>12}")
    _show(found)


@app.command()
def promote(name: str) -> None:
    """Let the candidate judge; its predecessor watches it, and takes over again where it fails or drifts."""
    _show(_call("POST", f"/v1/models/{name}/promote"))


def _judged(version: Dict[str, Any]) -> Dict[str, float]:
    """Return the figures of a version's gate report, `<variant> <set> <figure>` -> value."""
    return {
        f"{variant} {where} {figure}": value
        for variant, sets in version.get("variants", {}).items()
        for where, figures in sets.items()
        for figure, value in figures.items()
    }


def _show(found: Dict[str, Any]) -> None:
    name, active, other = found["name"], found["active_version"], found["other_version"]
    watched = "probation of" if found["phase"] == "probation" else "shadow beside"
    state = f"ended: {found['ended']}" if found["phase"] == "ended" else f"{watched} {name}/{active}"
    typer.echo(f"{name}/{other}, {found['share']:.0%} of the frames, {state}")
    typer.echo(
        f"{found['compared']} frames compared, {found['disagreed']} disagreements "
        f"({found['rate']:.1%}, 95 %: {found['rate_low']:.1%}-{found['rate_high']:.1%}), alarms "
        f"{found['active_alarms']} : {found['other_alarms']}, {found['failures']} failures, "
        f"{found['passed_over']} passed over"
    )
    for pair in found["labels"]:
        if pair["active"] != pair["other"]:
            typer.echo(f"  {pair['active']} -> {pair['other']}: {pair['frames']}")
    for objection in found["objections"]:
        typer.echo(f"not yet: {objection}")


def _report(model: Dict[str, Any]) -> None:
    active = model["active"]
    typer.echo(f"{model['name']}/{active['version']} ({active['variant']}) judges, on {active['provider']}")


def _call(method: str, path: str, body: Optional[Dict[str, Any]] = None) -> Any:
    base = os.environ.get("HACKAI_INFERENCE_URL", DEFAULT_URL).rstrip("/")
    try:
        answer = httpx.request(method, base + path, json=body, headers=_authorization(), timeout=60.0)
    except httpx.HTTPError as error:
        typer.echo(f"the inference service does not answer at {base}: {error}", err=True)
        raise typer.Exit(1) from error
    document = answer.json()
    if answer.is_error:
        typer.echo(document.get("detail") or document, err=True)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            typer.echo("set HACKAI_SERVICE_TOKEN_FILE; `hackai up` keeps the token in data/service.token", err=True)
        raise typer.Exit(1)
    return document


def _authorization() -> Dict[str, str]:
    """Return the header that proves who we are: the service token of the environment or of a file that it names."""
    try:
        token = read_settings(ServiceSettings).service_token
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(78) from error
    return {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
