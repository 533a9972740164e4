"""``hackai models …``: which versions there are, and which one judges; over REST."""

from __future__ import annotations

import os
from typing import Any, Dict

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


def _report(model: Dict[str, Any]) -> None:
    active = model["active"]
    typer.echo(f"{model['name']}/{active['version']} ({active['variant']}) judges, on {active['provider']}")


def _call(method: str, path: str) -> Any:
    base = os.environ.get("HACKAI_INFERENCE_URL", DEFAULT_URL).rstrip("/")
    try:
        answer = httpx.request(method, base + path, headers=_authorization(), timeout=60.0)
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
