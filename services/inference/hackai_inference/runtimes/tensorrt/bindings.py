"""Finds NVIDIA's Python bindings, or says why they are missing."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from hackai_inference.runtimes.errors import RuntimeUnavailable

# The named-tensor API and UINT8 inputs begin with 8.5.
OLDEST = (8, 5)


@dataclass(frozen=True)
class Bindings:
    """The modules ``tensorrt`` and ``pycuda.driver``."""

    trt: Any
    cuda: Any

    @property
    def version(self) -> str:
        """The version of TensorRT, such as ``8.5.2.2``: plans of another one are worthless."""
        return str(self.trt.__version__)


def installed() -> bool:
    """Return whether the bindings are installed, without loading the libraries behind them."""
    return importlib.util.find_spec("tensorrt") is not None


def load_bindings() -> Bindings:
    """Import the bindings; the libraries behind them come from the NVIDIA container runtime.

    Raises:
        RuntimeUnavailable: not installed, not loadable, or too old; the message says what to do.
    """
    if not installed():
        raise RuntimeUnavailable(
            "TensorRT is not installed for this Python; on a Jetson Xavier NX it is there for Python 3.8 only: "
            "run the image of services/inference/Dockerfile.jetson, or set inference.runtime: onnxruntime"
        )
    try:
        trt = importlib.import_module("tensorrt")
    except (ImportError, OSError) as error:
        raise RuntimeUnavailable(
            f"TensorRT cannot be loaded: {error}; was the container started with `runtime: nvidia` and "
            "NVIDIA_VISIBLE_DEVICES=all? (docker compose -f docker-compose.yml -f docker-compose.jetson.yml up)"
        ) from error
    version = tuple(int(part) for part in str(trt.__version__).split(".")[:2])
    if version < OLDEST:
        raise RuntimeUnavailable(f"TensorRT {trt.__version__} is too old, 8.5 (JetPack 5) is the oldest that works")
    try:
        cuda = importlib.import_module("pycuda.driver")
    except (ImportError, OSError) as error:
        raise RuntimeUnavailable(f"pycuda cannot be loaded: {error}; the Jetson image has it") from error
    return Bindings(trt, cuda)
