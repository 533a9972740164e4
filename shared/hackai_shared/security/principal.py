"""Who is calling: a person with a session, or a service of the same installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from typing_extensions import Literal

from hackai_shared.messages import Actor
from hackai_shared.security.roles import Role

Channel = Literal["telegram", "rest", "cli", "dashboard", "system"]


@dataclass(frozen=True)
class Principal:
    """The proven caller of a request.

    ``role`` is None for a service: services are not ranked among people, the access table names them apart.
    ``authenticated_at`` (seconds since the epoch) is when the face was seen, not when the token was made;
    ``expires_at`` is when the proof ends by itself, None for a service.
    """

    kind: Literal["person", "service"]
    subject: str
    name: str
    role: Optional[Role] = None
    jti: Optional[str] = None
    authenticated_at: Optional[float] = None
    live: bool = False
    expires_at: Optional[float] = None

    @property
    def proof(self) -> str:
        """How we know, in the words of :class:`hackai_shared.messages.Actor`."""
        return f"session:{self.jti}" if self.kind == "person" else "service-token"

    def actor(self, channel: Channel = "rest") -> Actor:
        """Return the principal as the actor of an audit record or a command."""
        return Actor(channel=channel, id=self.subject, name=self.name, proof=self.proof)

    def face_age_s(self, now: float) -> float:
        """Return how long ago the face was seen, in seconds; infinite for a service."""
        return float("inf") if self.authenticated_at is None else max(0.0, now - self.authenticated_at)
