"""Templates: what every page has in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from hackai_dashboard.assets import Assets
from hackai_dashboard.gate import SESSION
from hackai_dashboard.sessions import WebSession
from hackai_shared.figures import percent
from hackai_shared.security import Role

THEMES = ("dark", "light")
# Address, name, least role.
NAVIGATION = (
    ("/", "Live", Role.VIEWER),
    ("/incidents", "Incidents", Role.VIEWER),
    ("/models", "Models", Role.VIEWER),
    ("/compression", "Compression", Role.VIEWER),
    ("/system", "System", Role.VIEWER),
    ("/people", "People", Role.ADMIN),
)


class Pages:
    """Renders templates."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader("hackai_dashboard"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.filters.update(
            when=when, percent=percent, share=share, moment=datetime.fromisoformat, size=size, seconds=seconds
        )

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Return a page; ``session`` is None on those that need no login."""
        session: WebSession | None = request.scope.get(SESSION)
        theme = request.cookies.get("theme", "")
        principal = getattr(request.state, "principal", None)
        role = session.visitor.role if session is not None else getattr(principal, "role", None)
        html = self._environment.get_template(template).render(
            path=request.url.path,
            session=session,
            csrf=session.csrf if session is not None else "",
            flash=session.said() if session is not None and not template.startswith("_") else "",
            theme=theme if theme in THEMES else "",
            navigation=[(to, name) for to, name, least in NAVIGATION if role is not None and role.covers(least)],
            may_operate=role is not None and role.covers(Role.OPERATOR),
            may_administer=role is not None and role.covers(Role.ADMIN),
            **context,
        )
        return HTMLResponse(html, status_code=status)


def when(value: datetime | float | None, form: str = "%Y-%m-%d %H:%M:%S") -> Markup:
    """Return a ``<time>`` in UTC; the page's script writes it in the time of its reader."""
    if value is None:
        return Markup("–")
    moment = datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else value.astimezone(UTC)
    return Markup('<time datetime="{}" data-form="{}">{} UTC</time>').format(
        moment.isoformat(), "time" if form.startswith("%H") else "full", moment.strftime(form)
    )


def share(value: float, digits: int = 0) -> str:
    """Return a measured share (0-1) as a percentage; a probability of a model is shown by ``percent``."""
    return f"{100 * value:.{digits}f} %"


def size(count: float) -> str:
    """Return bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"


def seconds(value: float | None) -> str:
    """Return a duration for people."""
    if value is None:
        return "–"
    if value < 90:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"
