"""What can go wrong, as types; the HTTP edge turns them into problem documents."""

from __future__ import annotations

from collections.abc import Sequence


class FaceAuthError(Exception):
    """Base of the errors of this service."""


class PackError(FaceAuthError):
    """A model pack is missing, incomplete or not the one that its hashes name."""


class GalleryError(FaceAuthError):
    """The gallery cannot be used: wrong key, newer schema, damaged file."""


class GalleryTampered(GalleryError):
    """A row was changed by somebody without the key."""


class PersonUnknown(FaceAuthError):
    """Nobody has that id."""


class PersonExists(FaceAuthError):
    """The name is taken, or the face belongs to somebody who is enrolled already."""

    def __init__(self, detail: str, *, person_id: str, name: str) -> None:
        self.person_id = person_id
        self.name = name
        super().__init__(detail)


class LastAdministrator(FaceAuthError):
    """Without this person nobody could administer people any more."""


class NameInvalid(FaceAuthError, ValueError):
    """A name that cannot be used."""


class PhotoRefused(FaceAuthError):
    """A photo does not pass the gates of enrolment; ``reasons`` are sentences for people."""

    def __init__(self, photo: str, reasons: Sequence[str]) -> None:
        self.photo = photo
        self.reasons = list(reasons)
        super().__init__(f"{photo}: {'; '.join(reasons)}")


class Throttled(FaceAuthError):
    """A source has to wait; ``seconds`` says how long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"too many attempts from here were not passed; wait {int(seconds) + 1} s")


class DeviceUnknown(FaceAuthError):
    """A chat or browser that was not listed, invited or paired."""


class CodeInvalid(FaceAuthError):
    """A one-time code that is wrong, used or expired."""
