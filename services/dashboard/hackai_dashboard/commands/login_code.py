"""``hackai login-code``: a code for a browser, for whoever may read the secret of this installation."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import httpx
import typer

from hackai_shared.security import Role

app = typer.Typer()


@app.command()
def login_code(
    name: Annotated[str, typer.Option(help="whose name the audit trail gets")] = "",
    role: Annotated[Role, typer.Option(help="what the browser may do")] = Role.ADMIN,
    data: Annotated[Path, typer.Option(help="folder of `hackai up`")] = Path("data"),
    url: Annotated[str, typer.Option(help="address of the dashboard", envvar="HACKAI_DASHBOARD_URL")] = "",
) -> None:
    """Print a code that logs one browser in, once, within two minutes."""
    who = name or getpass.getuser()
    base = url or f"http://127.0.0.1:{os.environ.get('HACKAI_DASHBOARD_PORT', '8080')}"
    try:
        secret = os.environ.get("HACKAI_SERVICE_TOKEN") or (data / "service.token").read_text(encoding="utf-8").strip()
        answer = httpx.post(
            f"{base}/v1/login-codes",
            headers={"Authorization": f"Bearer {secret}"},
            json={"subject": f"box:{who}"[:64], "name": who[:80], "role": role.value},
        )
        answer.raise_for_status()
    except OSError as error:
        raise typer.BadParameter(f"cannot read the service token in {data}: {error.strerror}") from error
    except httpx.HTTPError as error:
        typer.echo(f"the dashboard at {base} gives no code: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(answer.json()["code"])
