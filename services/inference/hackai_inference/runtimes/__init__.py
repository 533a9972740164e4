"""The runtimes by name: each makes an :class:`InferenceSession` of one variant of a package."""

from __future__ import annotations

from typing import Callable, Dict

from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.session import InferenceSession, OnnxRuntimeSession, choose_variant

SessionFactory = Callable[[ModelPackage, str, int], InferenceSession]


class RuntimeUnavailable(ValueError):
    """The configured runtime cannot be used on this machine; the message says why and what to do."""


def _onnxruntime(package: ModelPackage, variant: str, threads: int) -> InferenceSession:
    return OnnxRuntimeSession(package, variant, threads=threads)


def _openvino(package: ModelPackage, variant: str, threads: int) -> InferenceSession:
    try:
        from hackai_inference.runtimes.openvino import OpenVinoSession
    except ImportError as error:
        raise RuntimeUnavailable(
            "inference.runtime: openvino is not installed; pip install 'hackai-inference[openvino]'"
        ) from error
    return OpenVinoSession(package, variant, threads=threads)


RUNTIMES: Dict[str, SessionFactory] = {"onnxruntime": _onnxruntime, "openvino": _openvino}


def resolve_runtime(wanted: str) -> str:
    """Return the name of the runtime to use for the configured ``runtime``.

    Raises:
        RuntimeUnavailable: this installation does not have it.
    """
    name = "onnxruntime" if wanted == "auto" else wanted
    if name not in RUNTIMES:
        raise RuntimeUnavailable(
            f"inference.runtime: {name} is not part of this installation; it has {sorted(RUNTIMES)} "
            "(auto takes the best of them)"
        )
    return name


class LoadedVariant:
    """A session with the name of the variant that it runs."""

    def __init__(self, session: InferenceSession, variant: str) -> None:
        self.session = session
        self.variant = variant


def open_session(package: ModelPackage, runtime: str, variant: str, threads: int) -> LoadedVariant:
    """Open the wanted variant (``auto``: the one that the runtime prefers) of a package.

    Raises:
        PackageError: the package has no such variant, or its graph does not fit its manifest.
        SessionError: the runtime cannot load the file.
        RuntimeUnavailable: this installation does not have the runtime.
    """
    name = resolve_runtime(runtime)
    chosen = choose_variant(package, name, variant)
    return LoadedVariant(RUNTIMES[name](package, chosen, threads), chosen)


__all__ = ["RUNTIMES", "LoadedVariant", "RuntimeUnavailable", "SessionFactory", "open_session", "resolve_runtime"]
