"""What counts as an outage of Redis: no answer, and every answer that is an error.

Out of memory, a read-only replica, a full disk, too few replicas, a revoked right: whatever Redis suffers from passes
or is repaired, and until then a service goes on as if nobody answered. None of them may end it.
"""

from __future__ import annotations

from redis.exceptions import RedisError

OUTAGES = (RedisError, OSError)
