"""The HTTP edge: predictions and model versions."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from functools import partial
from typing import Any, Callable, Dict, List, Optional, TypeVar, Union

import orjson
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Literal

from hackai_inference.http.bodies import MULTIPART, PICTURE_TYPES, read_pictures
from hackai_inference.http.detection import Detection, Detections, detect
from hackai_inference.http.oip import add_oip_routes
from hackai_inference.http.prediction import Prediction, Predictions, predict
from hackai_inference.live.engine import Engine, EngineStopped, Overloaded
from hackai_inference.measures import InferenceMetrics
from hackai_inference.models.detectors import SecondLook, SecondLooks
from hackai_inference.models.model_cache import ModelCache
from hackai_inference.models.registry import ActiveModel, Registry
from hackai_inference.models.served import ServedModels
from hackai_inference.models.versions import NothingToRollBackTo, StoredVersion, UnknownModel
from hackai_shared.problems import Problem
from hackai_shared.serving.decoding import ImageError, ImageTooLarge, UnsupportedImage
from hackai_shared.serving.package import PackageError
from hackai_shared.serving.session import SessionError

T = TypeVar("T")


class _Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class VersionInfo(_Answer):
    """One version of a model on disk."""

    version: int
    active: bool
    usable: bool = Field(description="manifest readable and judged; its files are verified when it is activated")
    detail: str = Field("", description="why it is not usable")
    architecture: Optional[str] = None
    task: Optional[str] = None
    classes: List[str] = Field(default_factory=list)
    licence: Optional[str] = None
    created_at: Optional[datetime] = None
    variants: Dict[str, Dict[str, Dict[str, float]]] = Field(
        default_factory=dict, description="variant -> evaluation set -> figure -> value"
    )
    sizes: Dict[str, int] = Field(default_factory=dict, description="variant -> size of its file in bytes")


class ActiveInfo(_Answer):
    """The version that runs now, as what, and on what."""

    version: int
    variant: str
    runtime: str
    provider: str = Field(description="what the runtime really uses, asked after the model was loaded")
    role: Literal["first", "second_opinion", "detector"] = Field(
        description="first: classifies every frame; second_opinion: decides where there is a suspicion"
    )
    changeable: bool = Field(description="whether another version can be activated while the service runs")


class ModelInfo(_Answer):
    """A model and its versions, highest first."""

    name: str
    active: Optional[ActiveInfo] = Field(None, description="absent: this service does not run the model")
    versions: List[VersionInfo]
    history: List[int] = Field(description="explicit activations, oldest first")


class ModelList(_Answer):
    """All models on disk."""

    models: List[ModelInfo]


PICTURE_BODY: Dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in PICTURE_TYPES},
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
        },
    }
}
OVERLOADED: Dict[Any, Dict[str, Any]] = {503: {"description": "Too many requests are waiting; see Retry-After"}}


def add_routes(
    app: FastAPI,
    registry: Registry,
    engine: Engine,
    metrics: InferenceMetrics,
    *,
    max_pixels: int,
    detectors: Optional[SecondLooks] = None,
    opinion: Optional[ActiveModel] = None,
) -> None:
    """Add all routes of the service to its application."""
    models = ServedModels(registry, detectors, opinion)

    @app.post(
        "/v1/predict",
        tags=["predict"],
        summary="Judge a picture",
        description="A JPEG, PNG or WebP picture as the body, or files in the field `file` of a form. One picture is "
        "answered by a `Prediction`, several by `Predictions`; with a detector as `model`, by `Detection` and "
        "`Detections`.",
        response_model=Union[Prediction, Predictions, Detection, Detections],
        openapi_extra=PICTURE_BODY,
        responses=OVERLOADED,
    )
    async def predict_pictures(
        request: Request,
        explain: bool = Query(False, description="add the heat-map and boxes of the label"),
        model: Optional[str] = Query(None, description="name of a loaded model; without it the classifier judges"),
    ) -> Response:
        received = time.perf_counter()
        if model is not None:
            await _change(partial(models.find, model))
        pictures = await read_pictures(request)
        detector = models.detector(model)
        if detector is not None:
            look = partial(detect, detector, max_pixels=max_pixels, received=received)
            found = [await judged(partial(look, picture), engine, metrics) for picture in pictures]
            return Response(
                orjson.dumps(found[0] if len(found) == 1 else {"detections": found}), media_type="application/json"
            )
        # The model is read once: a request is never judged by two versions.
        one = partial(predict, registry.active, explain=explain, max_pixels=max_pixels, received=received)
        if len(pictures) == 1:
            answer: Dict[str, Any] = await judged(partial(one, pictures[0]), engine, metrics)
        else:
            answer = {"predictions": [await judged(partial(one, picture), engine, metrics) for picture in pictures]}
        return Response(orjson.dumps(answer), media_type="application/json")

    shelf = ModelCache(registry)

    @app.post(
        "/v1/models/{name}/versions/{version}/variants/{variant}/predict",
        tags=["predict"],
        summary="Judge a picture with a variant that is not active, to compare them",
        response_model=Prediction,
        openapi_extra=PICTURE_BODY,
        responses=OVERLOADED,
    )
    async def predict_with(name: str, version: int, variant: str, request: Request) -> Response:
        received = time.perf_counter()
        pictures = await read_pictures(request)
        if len(pictures) != 1:
            raise Problem(422, f"{len(pictures)} pictures were sent, one is compared at a time", kind="one-picture")
        # Opened outside of the engine: loading a model must not take a worker away from the cameras.
        model = await _change(partial(shelf.get, name, version, variant))
        job = partial(predict, model, pictures[0], explain=False, max_pixels=max_pixels, received=received)
        return Response(orjson.dumps(await judged(job, engine, metrics)), media_type="application/json")

    @app.get("/v1/models", tags=["models"], summary="All models and their versions")
    async def list_models() -> ModelList:
        def collect() -> ModelList:
            return ModelList(models=[_model_info(models, name) for name in registry.names()])

        return await _change(collect)

    @app.get("/v1/models/{name}", tags=["models"], summary="One model and its versions")
    async def get_model(name: str) -> ModelInfo:
        return await _change(partial(_model_info, models, name))

    @app.post("/v1/models/{name}/versions/{version}/activate", tags=["models"], summary="Let a version judge")
    async def activate(name: str, version: int) -> ModelInfo:
        await _change(lambda: models.versions_of(name).activate(name, version))
        return await _change(partial(_model_info, models, name))

    @app.post("/v1/models/{name}/rollback", tags=["models"], summary="Return to the version before")
    async def rollback(name: str) -> ModelInfo:
        await _change(lambda: models.versions_of(name).rollback(name))
        return await _change(partial(_model_info, models, name))

    add_oip_routes(app, models, engine, metrics)


async def judged(job: Callable[[], T], engine: Engine, metrics: InferenceMetrics) -> T:
    """Run a job on the engine; what it raises becomes a problem document."""
    try:
        return await engine.run(job)
    except Overloaded as error:
        metrics.overloaded.inc()
        raise Problem(503, str(error), kind="overloaded", headers={"Retry-After": "1"}) from error
    except EngineStopped as error:
        raise Problem(503, str(error), kind="stopping", headers={"Retry-After": "5"}) from error
    except ImageTooLarge as error:
        raise Problem(413, str(error), kind="image-too-large") from error
    except UnsupportedImage as error:
        raise Problem(415, str(error), kind="unsupported-image") from error
    except ImageError as error:
        raise Problem(422, str(error), kind="damaged-image") from error


async def _change(job: Callable[[], T]) -> T:
    """Run a job that reads files or loads a model outside of the event loop."""
    try:
        return await asyncio.get_running_loop().run_in_executor(None, job)
    except UnknownModel as error:
        raise Problem(404, str(error), kind="unknown-model") from error
    except NothingToRollBackTo as error:
        raise Problem(409, str(error), kind="nothing-to-roll-back-to") from error
    except (PackageError, SessionError) as error:
        raise Problem(409, f"{error}; the active version goes on", kind="unusable-package") from error


def _model_info(models: ServedModels, name: str) -> ModelInfo:
    active, registry = models.running(name), models.registry
    return ModelInfo(
        name=name,
        active=None if active is None else _active_info(models, active),
        versions=[
            _version_info(stored, None if active is None else active.ref.version) for stored in registry.versions(name)
        ],
        history=[activation.version for activation in registry.history(name)],
    )


def _active_info(models: ServedModels, active: Union[ActiveModel, SecondLook]) -> ActiveInfo:
    name = active.ref.name
    return ActiveInfo(
        version=active.ref.version,
        variant=active.ref.variant,
        runtime=active.runtime,
        provider=active.device,
        role=models.role(name),
        changeable=models.active(name) is not None,
    )


def _version_info(stored: StoredVersion, active: Optional[int]) -> VersionInfo:
    is_active = active == stored.version
    manifest = stored.manifest
    if manifest is None:
        return VersionInfo(version=stored.version, active=is_active, usable=False, detail=stored.error or "")
    return VersionInfo(
        version=stored.version,
        active=is_active,
        usable=manifest.gate is not None,
        detail="" if manifest.gate is not None else "no gate report",
        architecture=manifest.architecture,
        task=manifest.task,
        classes=manifest.classes,
        licence=manifest.licence,
        created_at=manifest.created_at,
        variants={variant: dict(entry.metrics) for variant, entry in manifest.variants.items()},
        sizes={variant: entry.size_bytes for variant, entry in manifest.variants.items()},
    )
