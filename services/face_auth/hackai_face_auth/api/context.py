"""What the handlers share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hackai_face_auth.core import Core
from hackai_face_auth.metrics import FaceMetrics
from hackai_face_auth.sessions import Session
from hackai_face_auth.workbench import Busy, R, Workbench
from hackai_shared.problems import Problem
from hackai_shared.security import RevocationList


@dataclass(frozen=True)
class Edge:
    """The domain, a bench to run it on, and what its events touch outside."""

    core: Core
    bench: Workbench
    revoked: RevocationList
    metrics: FaceMetrics

    async def run(self, work: Callable[[], R]) -> R:
        """Run blocking work.

        Raises:
            Problem: 503 when too much of it waits.
        """
        try:
            return await self.bench.run(work)
        except Busy as error:
            raise Problem(503, "too many requests at once", kind="busy", headers={"Retry-After": "2"}) from error

    async def revoke(
        self, *, jti: str | None = None, person_id: str | None = None, client: str | None = None
    ) -> list[Session]:
        """End sessions: here at once, elsewhere as soon as the list in Redis was read."""
        ended = await self.run(lambda: self.core.sessions.revoke(jti=jti, person_id=person_id, client=client))
        for session in ended:
            self.revoked.add(session.jti, session.expires_at)
        return ended
