"""Models beside the active one, opened to be compared with it: the last few stay loaded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Tuple

from hackai_inference.models.registry import ActiveModel, Registry

# A comparison needs two; a small classifier is a few megabytes in memory.
KEEP = 3


class ModelCache:
    """Opens variants of the model that this service runs; safe to call from several threads."""

    def __init__(self, registry: Registry, *, keep: int = KEEP) -> None:
        self._registry = registry
        self._keep = keep
        self._opened: "OrderedDict[Tuple[str, int, str], ActiveModel]" = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, version: int, variant: str) -> ActiveModel:
        """Return a variant of a version, verified and tried like one that is activated; it changes nothing.

        Raises:
            UnknownModel: there is no such model or version.
            PackageError: the package is not complete, changed, not judged, or has no such variant.
            SessionError: the runtime cannot load or run it.
        """
        key = (name, version, variant)
        with self._lock:
            model = self._opened.pop(key, None) or self._registry.open(name, version, variant)
            self._opened[key] = model
            while len(self._opened) > self._keep:
                self._opened.popitem(last=False)
            return model
