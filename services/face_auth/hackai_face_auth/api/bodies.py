"""What requests and answers look like."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from pydantic import BaseModel, Field

from hackai_face_auth.gallery import Person
from hackai_face_auth.liveness.challenge import Movement
from hackai_face_auth.sessions import Session
from hackai_shared.security import Role

ClientName = Annotated[
    str, Field(pattern=r"^[a-z]{1,16}:[A-Za-z0-9._:@-]{1,100}$", description="whom the caller speaks for: telegram:42")
]
ClientForm = Annotated[str, Form(pattern=r"^[a-z]{1,16}:[A-Za-z0-9._:@-]{1,100}$", description="as in the challenge")]
PersonName = Annotated[str, Form(min_length=1, max_length=200, description="name of the person")]


class ChallengeRequest(BaseModel):
    """Who wants to log in."""

    client: ClientName


class ChallengeView(BaseModel):
    """What to do in front of the camera, in this order, between straight looks."""

    challenge_id: str
    movements: list[Movement]
    expires_in_s: float


class SessionView(BaseModel):
    """A session without its token."""

    jti: str
    person_id: str
    client: str
    issued_at: float
    expires_at: float

    @classmethod
    def of(cls, session: Session) -> SessionView:
        """Return the view of a session."""
        return cls(
            jti=session.jti,
            person_id=session.person_id,
            client=session.client,
            issued_at=session.issued_at,
            expires_at=session.expires_at,
        )


class LoginView(BaseModel):
    """A new session."""

    token: str = Field(description="EdDSA-signed JWT, to be sent as a bearer token")
    person_id: str
    name: str
    role: Role
    jti: str
    expires_at: int
    auth_time: int
    live: bool = Field(description="whether an active challenge was passed")
    score: float = Field(description="mean cosine of the frames")


class VerificationView(BaseModel):
    """Whether the frames show the claimed person, alive."""

    verified: bool
    reason: str
    score: float


class PersonView(BaseModel):
    """Somebody who is enrolled."""

    person_id: str
    name: str
    role: Role
    created_at: float
    photos: int

    @classmethod
    def of(cls, person: Person) -> PersonView:
        """Return the view of a person."""
        return cls(
            person_id=person.person_id,
            name=person.name,
            role=person.role,
            created_at=person.created_at,
            photos=person.photos,
        )


class PhotoView(BaseModel):
    """What is kept of one photo."""

    photo_id: str
    model_id: str
    quality: float
    created_at: float


class PersonDetails(PersonView):
    """One person with photos and sessions."""

    templates: list[PhotoView]
    sessions: list[SessionView]


class ExportedPhoto(PhotoView):
    """A photo's template in full."""

    embedding: list[float] = Field(description="512 numbers; the photo itself is not kept")


class PersonExport(PersonView):
    """Everything that is known of one person."""

    templates: list[ExportedPhoto]
    sessions: list[SessionView]


class PhotoCheck(BaseModel):
    """What speaks against a photo."""

    reasons: list[str] = Field(description="in words for people; empty: it would do")


class RoleChange(BaseModel):
    """A new role."""

    role: Role


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int
