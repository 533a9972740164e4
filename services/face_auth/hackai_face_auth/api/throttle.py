"""Wrong one-time codes cost their source time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hackai_face_auth.api.context import Edge
from hackai_face_auth.errors import CodeInvalid, Throttled
from hackai_face_auth.login import actor_of


@contextmanager
def throttled_code(edge: Edge, client: str, action: str) -> Iterator[None]:
    """Count a wrong code against the client that sent it.

    Raises:
        Throttled: it sent too many.
    """
    lockouts = edge.core.login.lockouts
    wait_s = lockouts.remaining_s(f"code:{client}")
    if wait_s > 0:
        edge.core.audit.record(actor_of(client), action, "refused", detail=f"locked for {wait_s:.0f} s")
        raise Throttled(wait_s)
    try:
        yield
    except CodeInvalid as error:
        lockouts.failed(f"code:{client}")
        edge.core.audit.record(actor_of(client), action, "refused", detail=str(error))
        raise
    lockouts.succeeded(f"code:{client}")
