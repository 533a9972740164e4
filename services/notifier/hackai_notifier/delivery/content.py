"""Puts together what a step sends: text, picture or clip, in the newest state of the incident."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from hackai_notifier.channels.base import Delivery, NotYet, PermanentFailure
from hackai_notifier.clients.cameras import CameraUnavailable, PictureGone
from hackai_notifier.delivery import outbox
from hackai_notifier.delivery.outbox import DISARMED, SentText, Step
from hackai_notifier.incident import incidents, media
from hackai_notifier.incident.clips import Clips
from hackai_notifier.incident.incidents import Incident
from hackai_notifier.storage.database import Database
from hackai_notifier.texts.render import Writer

# Soon enough for a ring buffer that forgets after half a minute.
ASK_AGAIN_S = 2.0


@dataclass(frozen=True)
class Content:
    """A delivery and the version of the incident that it shows."""

    delivery: Delivery
    version: int


class Editor:
    """Makes the content of steps."""

    def __init__(self, database: Database, clips: Clips, writer: Writer) -> None:
        self._database = database
        self._clips = clips
        self._writer = writer

    async def prepare(self, step: Step) -> Content | None:
        """Return what to send; None: the step has become superfluous (an edit of a text that nobody has).

        Raises:
            NotYet: the clip is not over yet, or the camera service does not answer.
            PermanentFailure: picture or clip do not exist (any more).
        """

        def read(connection: sqlite3.Connection) -> tuple[Incident | None, SentText | None, bytes | None]:
            return (
                incidents.load(connection, step.incident_id),
                outbox.sent_text(connection, step.incident_id, step.recipient),
                media.load(connection, step.incident_id, step.step),
            )

        incident, text, stored = await self._database.run(read)
        if incident is None:
            raise PermanentFailure("the incident is not in the database")
        if step.step == "edit" and text is None:
            return None
        if step.step == "clip":
            stored = await self._clip(incident)
        if stored is None and step.step in ("photo", "update_photo"):
            raise PermanentFailure("the picture is not in the database")
        delivery = Delivery(
            key=step.key,
            step=step.step,
            address=step.recipient.address,
            incident=incident,
            text=self._text(step, incident),
            media=stored,
            silent=step.silent,
            reply_to=text.message_id if text else None,
            offers_arming=step.step == "notice" and step.subject.startswith(DISARMED),
        )
        return Content(delivery, incident.version)

    def emergency(self, incident: Incident, address: str) -> Delivery:
        """Return the text of an incident that could not be stored."""
        key = f"{incident.incident_id}:text:{address}"
        return Delivery(key=key, step="text", address=address, incident=incident, text=self._writer.text(incident))

    def notice(self, incident: Incident, step: Step, reason: str) -> str:
        """Return what administrators are told about a dead letter."""
        whom = f"{step.recipient.channel} {step.recipient.address}"
        return self._writer.notice(incident, step=step.step.replace("_", " "), whom=whom, reason=reason)

    def late(self, incident: Incident, step: Step, reason: str) -> str:
        """Return what administrators are told about a step that was not delivered yet."""
        whom = f"{step.recipient.channel} {step.recipient.address}"
        return self._writer.late(incident, step=step.step.replace("_", " "), whom=whom, reason=reason)

    def _text(self, step: Step, incident: Incident) -> str:
        if step.step in ("notice", "reminder"):
            return step.body
        if step.step == "update":
            return self._writer.news(incident, step.subject)
        if step.step in ("text", "edit"):
            return self._writer.text(incident)
        return self._writer.caption(incident, step.step)

    async def _clip(self, incident: Incident) -> bytes:
        wait_s = self._clips.wait_s(incident)
        if wait_s > 0:
            raise NotYet("the clip is not over yet", wait_s)
        try:
            return await self._clips.get(incident)
        except CameraUnavailable as error:
            raise NotYet(str(error), ASK_AGAIN_S) from error
        except PictureGone as error:
            raise PermanentFailure(str(error)) from error
