"""The Open Inference Protocol v2 over REST, JSON and binary tensors: ``tritonclient`` works unchanged."""

from __future__ import annotations

from functools import partial
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from hackai_inference.http.tensors import TensorError, read_input, split_body, wanted_outputs, write_response
from hackai_inference.live.engine import Engine, EngineStopped, Overloaded
from hackai_inference.measures import InferenceMetrics
from hackai_inference.models.served import Served, ServedModels
from hackai_inference.models.versions import UnknownModel
from hackai_shared import __version__
from hackai_shared.problems import problem_response
from hackai_shared.serving.session import SessionError

HEADER_LENGTH = "Inference-Header-Content-Length"
MAX_BATCH = 32
NAME = "hackai-inference"
_DATATYPES = {"uint8": "UINT8", "float32": "FP32"}


class _Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class ServerMetadata(_Answer):
    """Answer of ``/v2``."""

    name: str
    version: str
    extensions: List[str]


class Live(_Answer):
    """Answer of ``/v2/health/live``."""

    live: bool


class Ready(_Answer):
    """Answer of ``…/ready``."""

    ready: bool


class TensorMetadata(_Answer):
    """Name, type and shape of a tensor; -1 is any size."""

    name: str
    datatype: str
    shape: List[int]


class ModelMetadata(_Answer):
    """Answer of ``/v2/models/{name}``."""

    name: str
    versions: List[str]
    platform: str
    inputs: List[TensorMetadata]
    outputs: List[TensorMetadata]


class ResponseOutput(_Answer):
    """One output of an inference; ``data`` is flat and absent where the tensor follows in binary."""

    name: str
    datatype: str
    shape: List[int]
    data: Optional[List[float]] = None
    parameters: Dict[str, int] = Field(default_factory=dict)


class InferResponse(_Answer):
    """Answer of ``…/infer``; in binary tensors follow behind this JSON (see ``Inference-Header-Content-Length``)."""

    model_name: str
    model_version: str
    id: Optional[str] = None
    outputs: List[ResponseOutput]


INFER_BODY: Dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string"},
                        "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "object"}},
                        "outputs": {"type": "array", "items": {"type": "object"}},
                        "parameters": {"type": "object"},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class _Refusal(Exception):
    """Leaves as a problem document that has the protocol's ``error`` as well."""

    def __init__(self, status: int, detail: str, headers: Optional[Dict[str, str]] = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers


def add_oip_routes(app: FastAPI, models: ServedModels, engine: Engine, metrics: InferenceMetrics) -> None:
    """Add the routes of the protocol to an application."""

    async def on_refusal(_request: Request, error: Any) -> Response:
        return problem_response(error.status, str(error), headers=error.headers, error=str(error))

    app.add_exception_handler(_Refusal, on_refusal)

    @app.get("/v2", tags=["open inference protocol"], summary="Server metadata")
    async def server_metadata() -> ServerMetadata:
        return ServerMetadata(name=NAME, version=__version__, extensions=["binary_tensor_data"])

    @app.get("/v2/health/live", tags=["open inference protocol"], summary="Is the server alive?")
    async def live() -> Live:
        return Live(live=True)

    @app.get("/v2/health/ready", tags=["open inference protocol"], summary="Can the server infer?")
    async def ready() -> Ready:
        return Ready(ready=True)  # the service does not listen before a model is loaded

    def add(suffix: str, method: str, handler: Callable[..., Awaitable[Any]], **options: Any) -> None:
        """Route a handler with and without a version in the path."""
        for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
            app.add_api_route(path + suffix, handler, methods=[method], tags=["open inference protocol"], **options)

    async def model_metadata(name: str, version: Optional[str] = None) -> ModelMetadata:
        return _metadata(_find(models, name, version))

    async def model_ready(name: str, version: Optional[str] = None) -> Ready:
        _find(models, name, version)
        return Ready(ready=True)

    async def infer(request: Request, name: str, version: Optional[str] = None) -> Response:
        model = _find(models, name, version)
        if request.headers.get("content-encoding", "identity") != "identity":
            raise _Refusal(415, "compressed requests are not supported")
        job = partial(_infer, model, await request.body(), request.headers.get(HEADER_LENGTH))
        try:
            body, header_length = await engine.run(job)
        except Overloaded as error:
            metrics.overloaded.inc()
            raise _Refusal(503, str(error), {"Retry-After": "1"}) from error
        except EngineStopped as error:
            raise _Refusal(503, str(error), {"Retry-After": "5"}) from error
        except TensorError as error:
            raise _Refusal(400, str(error)) from error
        except SessionError as error:
            raise _Refusal(500, str(error)) from error
        if header_length is None:
            return Response(body, media_type="application/json")
        headers = {HEADER_LENGTH: str(header_length)}
        return Response(body, media_type="application/octet-stream", headers=headers)

    add("", "GET", model_metadata, summary="Inputs and outputs of a model")
    add("/ready", "GET", model_ready, summary="Can the model infer?")
    add(
        "/infer",
        "POST",
        infer,
        summary="Run a model on a tensor",
        response_model=InferResponse,
        openapi_extra=INFER_BODY,
        responses={503: {"description": "Too many requests are waiting; see Retry-After"}},
    )


def _find(models: ServedModels, name: str, version: Optional[str]) -> Served:
    try:
        return models.find(name, version)
    except UnknownModel as error:
        raise _Refusal(404, str(error)) from error


def _input(model: Served) -> TensorMetadata:
    spec = model.manifest.input
    size = [spec.height, spec.width]
    shape = [*size, 3] if spec.layout == "NHWC" else [3, *size]
    return TensorMetadata(name=spec.name, datatype=_DATATYPES[spec.dtype], shape=[-1, *shape])


def _metadata(model: Served) -> ModelMetadata:
    classes = len(model.manifest.classes)
    shapes = {
        "logits": [-1, classes],
        "cam": [-1, classes, -1, -1],
        "boxes": [-1, -1, 4],
        "scores": [-1, -1, classes],
    }
    return ModelMetadata(
        name=model.ref.name,
        versions=[str(model.ref.version)],
        platform=f"onnx_{model.session.runtime}",
        inputs=[_input(model)],
        outputs=[
            TensorMetadata(name=output, datatype="FP32", shape=shapes.get(role, [-1]))
            for role, output in model.manifest.outputs.items()
        ],
    )


def _infer(model: Served, body: bytes, header_length: Optional[str]) -> Tuple[bytes, Optional[int]]:
    """Read a request, run it, write the response; on a worker of the engine.

    Raises:
        TensorError: the request does not follow the protocol or does not fit the model.
        SessionError: the runtime failed.
    """
    document, binary = split_body(body, header_length)
    request_id = document.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise TensorError("id is not a string")
    wants = _input(model)
    names = {output: role for role, output in model.manifest.outputs.items()}
    wanted = wanted_outputs(document, list(names))
    tensor = read_input(
        document, binary, name=wants.name, datatype=wants.datatype, shape=wants.shape[1:], max_batch=MAX_BATCH
    )
    results = model.session.run(tensor)
    head: Dict[str, Any] = {"model_name": model.ref.name, "model_version": str(model.ref.version)}
    if request_id is not None:
        head["id"] = request_id
    return write_response(head, [(name, results[names[name]], binary_) for name, binary_ in wanted.items()])
