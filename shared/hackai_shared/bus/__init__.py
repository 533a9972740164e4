"""Redis as the bus: pub/sub for what is live and lossy, streams for what must not be lost."""

from hackai_shared.bus.connection import Bus, BusUnavailable
from hackai_shared.bus.streams import StreamConsumer, StreamEntry

__all__ = ["Bus", "BusUnavailable", "StreamConsumer", "StreamEntry"]
