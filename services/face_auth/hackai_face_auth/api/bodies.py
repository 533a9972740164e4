"""What requests and answers look like."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from pydantic import BaseModel, Field

from hackai_face_auth.devices import Device, How
from hackai_face_auth.gallery import Person
from hackai_face_auth.liveness.steps import Movement, Pace
from hackai_face_auth.sessions import Session
from hackai_shared.security import Role

ClientName = Annotated[
    str, Field(pattern=r"^[a-z]{1,16}:[A-Za-z0-9._:@-]{1,100}$", description="whom the caller speaks for: telegram:42")
]
ClientForm = Annotated[str, Form(pattern=r"^[a-z]{1,16}:[A-Za-z0-9._:@-]{1,100}$", description="as in the challenge")]
PersonName = Annotated[str, Form(min_length=1, max_length=200, description="name of the person")]


DeviceSecret = Annotated[str, Form(max_length=100, description="secret of a paired browser; a chat has none")]


class ChallengeRequest(BaseModel):
    """Which device wants to log in: one that was listed, invited or paired."""

    client: ClientName
    device_secret: str = Field("", max_length=100, description="secret of a paired browser; a chat has none")


class StepView(BaseModel):
    """One movement, and how fast."""

    movement: Movement
    pace: Pace


class ChallengeView(BaseModel):
    """What to do in front of the camera, in this order, between straight looks, with the eyes on the camera."""

    challenge_id: str
    steps: list[StepView]
    expires_in_s: float


class ChatRequest(BaseModel):
    """A chat that shows an invitation."""

    client: Annotated[str, Field(pattern=r"^telegram:[0-9]{1,19}$", description="a private chat, proven by Telegram")]
    code: str = Field(max_length=64)


class BrowserRequest(BaseModel):
    """A browser that somebody vouches for with a one-time code."""

    vouched_by: str = Field(
        min_length=1, max_length=120, description="whose code it was: telegram:42, box:ada, a person"
    )
    person_id: str = Field("", max_length=64, description="whose browser it is, where that is known")
    label: str = Field("", max_length=120, description="how the list of devices calls it")


class PairedBrowser(BaseModel):
    """A browser and its secret, said once."""

    client: str
    secret: str
    expires_at: float


class DeviceView(BaseModel):
    """A chat or browser that may ask for a challenge."""

    client: str
    how: How
    vouched_by: str
    person_id: str
    label: str
    created_at: float

    @classmethod
    def of(cls, device: Device) -> DeviceView:
        """Return the view of a device."""
        return cls(
            client=device.client,
            how=device.how,
            vouched_by=device.vouched_by,
            person_id=device.person_id,
            label=device.label,
            created_at=device.created_at,
        )


class InvitationRequest(BaseModel):
    """Whom a code is for."""

    role: Role = Role.VIEWER
    hours: float = Field(24.0, ge=0.1, le=720, description="how long it is good for")


class Invitation(BaseModel):
    """A one-time code."""

    code: str
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
