"""What is kept over a restart, and what cannot be read."""

from __future__ import annotations

import pytest

from hackai_camera.faults.memory import FaultMemory, unpack_views
from hackai_shared.bus import Bus, names


def test_garbage_is_no_view() -> None:
    with pytest.raises(ValueError, match="no stored views"):
        unpack_views(b"PK\x03\x04 cut off")


async def test_what_cannot_be_read_begins_anew(bus: Bus) -> None:
    await bus.client.set(names.camera_views_key("front"), b"garbage")

    assert await FaultMemory(bus, "front").restore() == ([], None)
