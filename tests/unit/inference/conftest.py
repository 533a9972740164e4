"""A real small model, an engine and the HTTP edge in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any, AsyncIterator, Callable, Iterator, NamedTuple

import cv2
import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from hackai_inference.http.api import add_routes
from hackai_inference.live.engine import Engine
from hackai_inference.measures import InferenceMetrics
from hackai_inference.models.registry import Registry
from hackai_inference.shadow.api import add_shadow_routes
from hackai_inference.shadow.observer import Shadow
from hackai_shared.health import Health
from hackai_shared.metrics import Metrics
from hackai_shared.web import create_app

COLOURS = {"fire": (255, 120, 20), "start_fire": (170, 170, 170), "no_fire": (30, 60, 200)}
MAX_BODY = 1_000_000
MAX_PIXELS = 2_000_000


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """A function that makes a picture which the model of the tests takes for a label."""

    def make(label: str, extension: str = ".jpg", width: int = 160, height: int = 90) -> bytes:
        pixels = np.full((height, width, 3), COLOURS[label][::-1], np.uint8)
        return cv2.imencode(extension, pixels)[1].tobytes()

    return make


@pytest.fixture
def registry(tmp_path: Path, make_package: Callable[..., Path], open_registry: Callable[..., Registry]) -> Registry:
    """A registry with versions 1 and 2; 2 is active."""
    make_package(tmp_path / "models", 1)
    make_package(tmp_path / "models", 2)
    registry = open_registry(tmp_path)
    registry.load()
    return registry


@pytest.fixture(scope="session")
def open_registry() -> Callable[..., Registry]:
    """A function that makes a registry over a folder, not yet loaded."""

    def make(folder: Path, **options: Any) -> Registry:
        chosen = {"runtime": "auto", "variant": "auto", "threads": 1, **options}
        return Registry(folder / "models", folder / "state", "fire-classifier", **chosen)

    return make


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine with one worker and room for two requests that wait."""
    engine = Engine(1, queue_size=2)
    engine.start(lambda key: None)
    yield engine
    engine.stop()


class Edge(NamedTuple):
    """The application and a client of it."""

    app: FastAPI
    client: httpx.AsyncClient


@pytest.fixture
async def edge(registry: Registry, engine: Engine, tmp_path: Path) -> AsyncIterator[Edge]:
    """The HTTP edge over a real model."""
    metrics = Metrics("inference")
    app = create_app("inference", "test", health=Health(), metrics=metrics, max_body_bytes=MAX_BODY)
    add_routes(app, registry, engine, InferenceMetrics(metrics), max_pixels=MAX_PIXELS)
    shadow = Shadow(registry, tmp_path / "shadow", max_pixels=MAX_PIXELS)
    add_shadow_routes(app, shadow)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield Edge(app, client)
    shadow.close()
