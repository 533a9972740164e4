"""Models: versions, the candidate in the shadow, activation, rollback; and two side by side on the same live frames."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from hackai_dashboard.context import Caller, Guest, Part, Site
from hackai_dashboard.stream import danger, pack
from hackai_dashboard.upstream import SLOW_TIMEOUT_S, ServiceOffline, ServiceRefused
from hackai_shared.figures import percent
from hackai_shared.problems import Problem

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Version = Annotated[int, Path(ge=1, le=1_000_000)]
Side = Annotated[str, Query(pattern=r"^[a-z0-9][a-z0-9-]{0,62}/[1-9][0-9]{0,6}/[a-z0-9-]{1,32}$")]
# In this order the figures of a variant are shown, where its judge gave them.
FIGURES = (
    ("accuracy", "accuracy"),
    ("recall_fire", "fires seen"),
    ("fire_recall_at_0.01", "fires seen at 1 % false alarms"),
    ("latency_ms_1_thread", "ms per picture"),
)
# What an active model does.
ROLES = {
    "first": "active: classifies every frame",
    "second_opinion": "active: decides where there is a suspicion",
    "detector": "active: finds the boxes",
}
REFERENCE, COMPRESSED = "fp32", "int8"


def add_routes(router: APIRouter, site: Site) -> None:
    """Add the routes of this page."""

    @router.get("/models", tags=["models"], response_class=HTMLResponse, summary="Versions, and two side by side")
    async def models_page(request: Request) -> Response:
        found = await site.ask("inference", "/v1/models")
        models = found.data["models"] if found.data else []
        return site.pages.render(
            request,
            "models.html",
            models=models,
            shadows=await _shadows(site, models),
            trouble=found.trouble,
            figures=FIGURES,
            roles=ROLES,
            sides=sides(models),
            cameras=site.cameras,
        )

    @router.get(
        "/models/compare",
        tags=["models"],
        response_class=Response,
        summary="The newest frame of a camera with what two variants say of it, as one part of a stream",
        responses={200: {"content": {"application/octet-stream": {}}}},
    )
    async def compare(camera: Annotated[str, Query(max_length=63)], left: Side, right: Side) -> Response:
        if camera not in site.cameras:
            raise Problem(404, f"there is no camera {camera}", kind="unknown-camera")
        frame = await site.upstream.call("camera", "GET", f"/v1/cameras/{camera}/snapshot.jpg")
        said = await asyncio.gather(*(_judge(site, side, frame.content) for side in (left, right)))
        header = {"type": "comparison", "left": said[0], "right": said[1]}
        return Response(pack(header, frame.content), media_type="application/octet-stream")

    async def change(guest: Guest, path: str, done: str) -> Response:
        try:
            await site.upstream.call("inference", "POST", path, token=guest.token, timeout=SLOW_TIMEOUT_S)
            guest.say(done)
        except ServiceRefused as error:
            guest.say(f"Not done: {error}")
        return RedirectResponse("/models", status_code=303)

    @router.post(
        "/models/{name}/versions/{version}/activate", tags=["models"], status_code=303, summary="Activate a version"
    )
    async def activate(guest: Caller, name: Name, version: Version) -> Response:
        return await change(guest, f"/v1/models/{name}/versions/{version}/activate", f"{name} {version} is now active.")

    @router.post("/models/{name}/rollback", tags=["models"], status_code=303, summary="Return to the version before")
    async def rollback(guest: Caller, name: Name) -> Response:
        return await change(guest, f"/v1/models/{name}/rollback", f"{name}: the previous version is active again.")

    @router.post("/models/{name}/promote", tags=["models"], status_code=303, summary="Activate the candidate")
    async def promote(guest: Caller, name: Name) -> Response:
        return await change(guest, f"/v1/models/{name}/promote", f"{name}: the candidate is now active, on probation.")


def sides(models: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what can be compared, with the uncompressed and the compressed form of the active version first."""
    sizes = {
        f"{model['name']}/{version['version']}/{variant}": version.get("sizes", {}).get(variant)
        for model in models
        if model["active"] is not None and model["active"]["changeable"]
        for version in model["versions"]
        if version["usable"]
        for variant in version["variants"]
    }
    choices = list(sizes)
    active = next((model for model in models if (model["active"] or {}).get("role") == "first"), None)
    base = f"{active['name']}/{active['active']['version']}/" if active else ""

    def first(*wanted: str) -> str:
        return next((base + variant for variant in wanted if base + variant in choices), choices[0] if choices else "")

    serving = active["active"]["variant"] if active else ""
    right = first(serving if serving != REFERENCE else COMPRESSED, COMPRESSED, REFERENCE)
    return {"choices": choices, "sizes": sizes, "left": first(REFERENCE), "right": right}


async def _shadows(site: Site, models: list[dict[str, Any]]) -> dict[str, Part]:
    """Return what is compared with the active version, by name of the model."""
    names = [model["name"] for model in models if model["active"] is not None and model["active"]["changeable"]]
    parts = await asyncio.gather(*(_shadow(site, name) for name in names))
    return {name: part for name, part in zip(names, parts, strict=True) if part is not None}


async def _shadow(site: Site, name: str) -> Part | None:
    try:
        return Part(await site.upstream.json("inference", f"/v1/models/{name}/shadow"))
    except ServiceRefused as error:
        return None if error.status == 404 else Part(trouble=str(error))
    except ServiceOffline as error:
        return Part(trouble=str(error))


async def _judge(site: Site, side: str, jpeg: bytes) -> dict[str, Any]:
    name, version, variant = side.split("/")
    answer = await site.upstream.call(
        "inference",
        "POST",
        f"/v1/models/{name}/versions/{version}/variants/{variant}/predict",
        content=jpeg,
        extra_headers={"content-type": "image/jpeg"},
        timeout=SLOW_TIMEOUT_S,
    )
    said = answer.json()
    return {
        "label": said["label"],
        "probabilities": said["probabilities"],
        "danger": danger(said["probabilities"]),
        "danger_text": percent(danger(said["probabilities"])),
        "infer_ms": said["timings_ms"]["infer"],
    }
