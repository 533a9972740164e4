"""Who is enrolled: the face service writes it into Redis, so that every store forgets whom it forgot.

A list of who is there, not a message that somebody left: whoever was away when a person was deleted finds out later.
"""

from __future__ import annotations

from typing import Any, Collection, FrozenSet, Optional

from pydantic import BaseModel, ConfigDict, ValidationError

KEY = "auth:enrolled"
PERIOD_S = 1.0


class EnrolledPeople(BaseModel):
    """The ids of all people, and when that was so (seconds since the epoch)."""

    model_config = ConfigDict(frozen=True)

    people: FrozenSet[str]
    at: float


async def publish_enrolled(client: Any, people: Collection[str], *, now: float) -> None:
    """Write the list.

    Raises:
        RedisError: Redis did not answer.
    """
    await client.set(KEY, EnrolledPeople(people=frozenset(people), at=now).model_dump_json())


async def read_enrolled(client: Any) -> Optional[EnrolledPeople]:
    """Return the list; None where there is none that can be read.

    Raises:
        RedisError: Redis did not answer.
    """
    written = await client.get(KEY)
    if written is None:
        return None
    try:
        return EnrolledPeople.model_validate_json(written)
    except ValidationError:
        return None
