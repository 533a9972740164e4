"""How every report is made from a template, and where it is laid down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """One self-contained page."""
    environment = Environment(
        loader=PackageLoader("hackai_compression", "reports"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template(template).render(**values)


def lay_down(out: Path, text: str, document: dict[str, Any], to: Path | None) -> Path:
    """Writes the page alone as `to`, or `report/report.html` and `report.json` in a job's folder; returns the page."""
    if to is not None:
        to.write_text(text, encoding="utf-8")
        return to
    folder = out / "report"
    folder.mkdir(exist_ok=True)
    page = folder / "report.html"
    page.write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return page
