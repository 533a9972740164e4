"""Compression: jobs, their progress, their reports; a recipe is written as YAML."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from hackai_dashboard.context import Caller, Part, Site
from hackai_dashboard.headers import REPORT_POLICY
from hackai_dashboard.upstream import ServiceRefused
from hackai_shared.yaml_document import SENT, YamlError, read_yaml

JobPath = Annotated[str, Path(pattern=r"^[0-9a-f]{6,40}$")]
EXAMPLE = """\
name: smaller
about: Quantize the network of an earlier job and judge it.
size: 192
package: {name: fire-classifier}
budget: {max_size: 900000}
steps:
  - {do: load, file: network.pt}
  - {do: export}
  - {do: quantize}
  - {do: judge}
"""
ENDED = ("finished", "refused", "failed", "cancelled")


def add_routes(router: APIRouter, site: Site) -> None:
    """Add the routes of this page."""

    async def page(request: Request, *, recipe: str = EXAMPLE, pictures: str = "fire", wrong: str = "") -> Response:
        jobs = await site.ask("compression", "/v1/jobs")
        return site.pages.render(
            request,
            "compression.html",
            status=422 if wrong else 200,
            jobs=Part(jobs.data["jobs"] if jobs.data else [], jobs.trouble),
            recipe=recipe,
            pictures=pictures,
            wrong=wrong,
        )

    @router.get("/compression", tags=["compression"], response_class=HTMLResponse, summary="All jobs")
    async def compression_page(request: Request) -> Response:
        return await page(request)

    @router.post("/compression", tags=["compression"], response_class=HTMLResponse, summary="Submit a recipe")
    async def submit(
        request: Request,
        guest: Caller,
        recipe: Annotated[str, Form(max_length=100_000)],
        pictures: Annotated[str, Form(max_length=500)],
    ) -> Response:
        try:
            body = {"recipe": read_yaml(recipe, SENT).data, "pictures": pictures}
            made = await site.upstream.call("compression", "POST", "/v1/jobs", token=guest.token, json=body)
        except YamlError as error:
            wrong = "\n".join(f"line {fault}" for fault in error.faults)
            return await page(request, recipe=recipe, pictures=pictures, wrong=f"The recipe cannot be read: {wrong}")
        except ServiceRefused as error:
            return await page(request, recipe=recipe, pictures=pictures, wrong=str(error))
        guest.say("The job is queued.")
        return RedirectResponse(f"/compression/{made.json()['id']}", status_code=303)

    @router.get("/compression/{job_id}", tags=["compression"], response_class=HTMLResponse, summary="One job")
    async def job_page(request: Request, job_id: JobPath) -> Response:
        job = await site.upstream.json("compression", f"/v1/jobs/{job_id}")
        log = await site.upstream.call("compression", "GET", f"/v1/jobs/{job_id}/log")
        template = "_job.html" if request.headers.get("x-fragment") else "job.html"
        return site.pages.render(
            request, template, job=job, steps=steps_of(log.text), ended=job["state"] in ENDED
        )  # fmt: skip

    @router.get("/compression/{job_id}/report", tags=["compression"], response_class=Response, summary="The report")
    async def report(job_id: JobPath) -> Response:
        answer = await site.upstream.call("compression", "GET", f"/v1/jobs/{job_id}/report")
        headers = {"content-security-policy": REPORT_POLICY, "x-frame-options": "SAMEORIGIN"}
        return Response(answer.content, media_type="text/html", headers=headers)

    @router.post("/compression/{job_id}/cancel", tags=["compression"], status_code=303, summary="Cancel a job")
    async def cancel(guest: Caller, job_id: JobPath) -> Response:
        try:
            await site.upstream.call("compression", "POST", f"/v1/jobs/{job_id}/cancel", token=guest.token)
            guest.say("The job ends at its next safe point.")
        except ServiceRefused as error:
            guest.say(f"Not done: {error}")
        return RedirectResponse(f"/compression/{job_id}", status_code=303)


def steps_of(log: str) -> list[dict[str, Any]]:
    """Return the last event of each step of a job's log (JSON lines), in their order; a torn last line is left out."""
    steps: dict[str, dict[str, Any]] = {}
    for line in log.splitlines():
        try:
            event = json.loads(line)
            name = str(event["step"])
        except (ValueError, KeyError, TypeError):
            continue
        known = steps.get(name, {"text": "", "done": 0, "total": 0})
        steps[name] = {
            "step": name,
            "kind": event.get("kind", "") if event.get("kind") != "message" else known.get("kind", "started"),
            "done": event.get("done") or known["done"],
            "total": event.get("total") or known["total"],
            "text": event.get("text") or known["text"],
        }
    return list(steps.values())
