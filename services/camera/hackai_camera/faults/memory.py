"""Views and open faults in Redis: a restart neither forgets what is normal nor tells a fault twice."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import numpy as np
import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from hackai_camera.faults.view import View
from hackai_shared.bus import Bus, names
from hackai_shared.messages import IncidentEvent

log = structlog.get_logger(__name__)

_NUMBERS = ("seen", "fineness", "mean", "steady")
_SHAPES = {"outlines": (45, 80), "detail": (9, 16)}


def pack_views(views: Sequence[View]) -> bytes:
    """Return views as one ``.npz``."""
    arrays: dict[str, np.ndarray] = {}
    for number, view in enumerate(views):
        arrays[f"{number}.outlines"], arrays[f"{number}.detail"] = view.outlines, view.detail
        arrays[f"{number}.numbers"] = np.array([getattr(view, name) for name in _NUMBERS], np.float64)
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the keys for its own options
    return data.getvalue()


def unpack_views(data: bytes) -> list[View]:
    """Return the views of :func:`pack_views`.

    Raises:
        ValueError: it is none, or one of another version.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            views = [_view(arrays, number) for number in range(len(arrays.files) // 3)]
    except (OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"no stored views: {error}") from error
    return views


def _view(arrays: np.lib.npyio.NpzFile, number: int) -> View:
    view = View()
    view.outlines, view.detail = arrays[f"{number}.outlines"], arrays[f"{number}.detail"]
    if view.outlines.shape != _SHAPES["outlines"] or view.detail.shape != _SHAPES["detail"]:
        raise ValueError("views of another version")
    seen, view.fineness, view.mean, view.steady = (float(value) for value in arrays[f"{number}.numbers"])
    view.seen = int(seen)
    return view


class FaultMemory:
    """What is kept of one camera."""

    def __init__(self, bus: Bus, camera_id: str) -> None:
        self._bus = bus
        self._camera_id = camera_id

    async def restore(self) -> tuple[list[View], IncidentEvent | None]:
        """Return the views and the open fault of before the restart; what cannot be read begins anew.

        Raises:
            RedisError, OSError: Redis did not answer.
        """
        client = self._bus.client
        views = await client.get(names.camera_views_key(self._camera_id))
        event = await client.get(names.camera_fault_key(self._camera_id))
        try:
            return (
                [] if views is None else unpack_views(views),
                None if event is None else IncidentEvent.model_validate_json(event),
            )
        except (ValueError, ValidationError) as error:
            log.error("what was known of the camera cannot be read, learning anew", camera=self._camera_id, error=error)
            return [], None

    async def keep_views(self, views: Sequence[View]) -> None:
        """Keep the views; an outage costs nothing but the newest of them."""
        try:
            await self._bus.client.set(names.camera_views_key(self._camera_id), pack_views(views))
        except (RedisError, OSError) as error:
            log.debug("views were not kept", camera=self._camera_id, error=str(error))

    async def keep_fault(self, event: IncidentEvent | None) -> None:
        """Keep or forget the open fault.

        Raises:
            RedisError, OSError: Redis did not answer.
        """
        key = names.camera_fault_key(self._camera_id)
        if event is None:
            await self._bus.client.delete(key)
        else:
            await self._bus.client.set(key, event.model_dump_json().encode())
