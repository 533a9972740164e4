"""Shadow mode over HTTP: begin, look, promote, end."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Callable, List, Optional, TypeVar

from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Literal

from hackai_inference.models.versions import UnknownModel
from hackai_inference.shadow.observer import Comparison, NoShadow, NotPromotable, Shadow
from hackai_inference.shadow.rules import objections
from hackai_inference.shadow.samples import Sample
from hackai_shared.problems import Problem
from hackai_shared.serving.package import PackageError
from hackai_shared.serving.session import SessionError

T = TypeVar("T")
SHOWN = 20


class ShadowOrder(BaseModel):
    """How much of the live frames the candidate sees."""

    model_config = ConfigDict(extra="forbid")

    share: float = Field(0.1, gt=0, le=1, description="share of the frames of every camera")


class LabelPair(BaseModel):
    """How often the active model said one thing and the other one another."""

    active: str
    other: str
    frames: int


class ShadowReport(BaseModel):
    """Two versions on the same live frames."""

    name: str
    phase: Literal["shadow", "probation", "ended"] = Field(description="probation: the other is the predecessor")
    active_version: int
    other_version: int
    share: float
    compared: int
    disagreed: int = Field(description="frames on which only one of them says alarm")
    rate: float = Field(description="disagreed / compared")
    rate_low: float = Field(description="95 % interval of the rate")
    rate_high: float
    mean_distance: float = Field(description="mean difference of the probability of alarm, 0-1")
    active_alarms: int
    other_alarms: int
    failures: int = Field(description="frames that the other model could not judge")
    passed_over: int = Field(description="frames not compared because the other model was busy")
    latency_ratio: Optional[float] = Field(None, description="inference time of the other / of the active one")
    labels: List[LabelPair]
    objections: List[str] = Field(description="why the candidate may not be promoted yet")
    ended: str = Field("", description="why the comparison is over")
    samples: List[Sample] = Field(description="the clearest disagreements that were kept")


def add_shadow_routes(app: FastAPI, shadow: Shadow) -> None:
    """Add the routes of shadow mode to an application."""

    @app.post(
        "/v1/models/{name}/versions/{version}/shadow", tags=["shadow"], summary="Compare a version on live frames"
    )
    async def begin(name: str, version: int, order: ShadowOrder) -> ShadowReport:
        return report(await _do(partial(shadow.start, name, version, order.share)))

    @app.get("/v1/models/{name}/shadow", tags=["shadow"], summary="What the comparison found")
    async def look(name: str) -> ShadowReport:
        return report(await _do(partial(shadow.of, name)))

    @app.delete("/v1/models/{name}/shadow", tags=["shadow"], summary="End the comparison")
    async def end(name: str) -> ShadowReport:
        return report(await _do(partial(shadow.stop, name)))

    @app.post("/v1/models/{name}/promote", tags=["shadow"], summary="Let the candidate judge, on probation")
    async def promote(name: str) -> ShadowReport:
        return report(await _do(partial(shadow.promote, name)))

    @app.get(
        "/v1/models/{name}/shadow/samples/{sample_id}",
        tags=["shadow"],
        summary="A frame on which the versions disagree",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}},
    )
    async def sample(name: str, sample_id: str) -> Response:
        comparison = await _do(partial(shadow.of, name))
        picture = await _do(partial(comparison.samples.picture, sample_id))
        if picture is None:
            raise Problem(404, f"no sample {sample_id}", kind="unknown-sample")
        return Response(picture, media_type="image/jpeg")


def report(comparison: Comparison) -> ShadowReport:
    """Return what is known of a comparison now."""
    tally = comparison.tally
    low, high = tally.bounds()
    return ShadowReport(
        name=comparison.other.ref.name,
        phase=comparison.phase,
        active_version=comparison.active_version,
        other_version=comparison.other.ref.version,
        share=comparison.share,
        compared=tally.compared,
        disagreed=tally.disagreed,
        rate=round(tally.rate, 5),
        rate_low=round(low, 5),
        rate_high=round(high, 5),
        mean_distance=round(tally.mean_distance, 5),
        active_alarms=tally.active_alarms,
        other_alarms=tally.other_alarms,
        failures=tally.failures,
        passed_over=comparison.passed_over,
        latency_ratio=round(comparison.other_s / comparison.active_s, 3) if comparison.active_s else None,
        labels=[LabelPair(active=a, other=b, frames=n) for (a, b), n in tally.labels.most_common()],
        objections=objections(tally) if comparison.phase == "shadow" else [],
        ended=comparison.ended,
        samples=comparison.samples.list()[:SHOWN],
    )


async def _do(job: Callable[[], T]) -> T:
    """Run a job that loads a model or reads files outside of the event loop."""
    try:
        return await asyncio.get_running_loop().run_in_executor(None, job)
    except (UnknownModel, NoShadow) as error:
        raise Problem(404, str(error), kind="unknown-model") from error
    except NotPromotable as error:
        raise Problem(409, str(error), kind="not-promotable") from error
    except (PackageError, SessionError) as error:
        raise Problem(409, f"{error}; the active version goes on", kind="unusable-package") from error
