"""The runtimes by name: each makes an :class:`InferenceSession` of one variant of a package."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import structlog
from typing_extensions import Protocol

from hackai_inference.runtimes.errors import RuntimeUnavailable
from hackai_inference.runtimes.tensorrt import bindings
from hackai_shared.jetson.release import is_jetson
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.session import InferenceSession, OnnxRuntimeSession, choose_variant

log = structlog.get_logger(__name__)

#: Where a runtime keeps what it builds, unless told otherwise: the folder of the service's default settings.
DEFAULT_STATE_DIR = Path("data/inference")


class LoadedVariant:
    """A session with the name of the variant that it runs."""

    def __init__(self, session: InferenceSession, variant: str) -> None:
        self.session = session
        self.variant = variant


class Opener(Protocol):
    """Opens the wanted variant (``auto``: the one that the runtime prefers) of a package in one runtime."""

    def __call__(self, package: ModelPackage, variant: str, threads: int, state_dir: Path) -> LoadedVariant:
        """See :func:`open_session`."""
        ...  # pragma: no cover - protocol


def _onnxruntime(package: ModelPackage, variant: str, threads: int, state_dir: Path) -> LoadedVariant:
    del state_dir
    chosen = choose_variant(package, "onnxruntime", variant)
    return LoadedVariant(OnnxRuntimeSession(package, chosen, threads=threads), chosen)


def _openvino(package: ModelPackage, variant: str, threads: int, state_dir: Path) -> LoadedVariant:
    del state_dir
    try:
        from hackai_inference.runtimes.openvino import OpenVinoSession
    except ImportError as error:
        raise RuntimeUnavailable(
            "inference.runtime: openvino is not installed; pip install 'hackai-inference[openvino]'"
        ) from error
    chosen = choose_variant(package, "openvino", variant)
    return LoadedVariant(OpenVinoSession(package, chosen, threads=threads), chosen)


def _tensorrt(package: ModelPackage, variant: str, threads: int, state_dir: Path) -> LoadedVariant:
    del threads  # the GPU has its own
    try:
        from hackai_inference.runtimes.tensorrt import loader
    except ImportError as error:  # onnx rewrites the graph for the parser
        raise RuntimeUnavailable(
            f"inference.runtime: tensorrt needs more: {error}; pip install 'hackai-inference[tensorrt]'"
        ) from error
    plans = loader.PlanLoader(loader.this_gpu(), state_dir)
    chosen = plans.choose(package, variant)
    return LoadedVariant(plans.open(package, chosen), chosen)


RUNTIMES: Dict[str, Opener] = {"onnxruntime": _onnxruntime, "openvino": _openvino, "tensorrt": _tensorrt}


def resolve_runtime(wanted: str) -> str:
    """Return the name of the runtime to use for the configured ``runtime``.

    ``auto`` is TensorRT where its bindings are installed on a Jetson; that they cannot be loaded there is an error
    later, never a silent change to the CPU.

    Raises:
        RuntimeUnavailable: there is no such runtime.
    """
    if wanted == "auto":
        if not is_jetson():
            return "onnxruntime"
        if bindings.installed():
            return "tensorrt"
        log.warning(
            "this is a Jetson, but TensorRT is not installed for this Python: the CPU judges", see="docs/jetson.md"
        )
        return "onnxruntime"
    if wanted not in RUNTIMES:
        raise RuntimeUnavailable(f"inference.runtime: there is no {wanted}; there are {sorted(RUNTIMES)} and auto")
    return wanted


def open_session(
    package: ModelPackage, runtime: str, variant: str, threads: int, state_dir: Path = DEFAULT_STATE_DIR
) -> LoadedVariant:
    """Open the wanted variant (``auto``: the one that the runtime prefers) of a package.

    ``state_dir`` is where the runtime keeps what it builds for this device.

    Raises:
        PackageError: the package has no such variant, or its graph does not fit its manifest.
        SessionError: the runtime cannot load the file.
        RuntimeUnavailable: this installation does not have the runtime.
    """
    return RUNTIMES[resolve_runtime(runtime)](package, variant, threads, state_dir)


__all__ = ["RUNTIMES", "LoadedVariant", "Opener", "RuntimeUnavailable", "open_session", "resolve_runtime"]
