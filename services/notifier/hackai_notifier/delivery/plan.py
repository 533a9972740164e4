"""Which steps an event makes for whom. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hackai_notifier.incident.steps import StepName
from hackai_notifier.people.recipients import Audience, Recipient
from hackai_shared.messages import IncidentEvent


@dataclass(frozen=True)
class PlannedStep:
    """One step for one recipient; ``subject`` tells apart several of one kind, ``body`` is the text of a reminder."""

    step: StepName
    recipient: Recipient
    silent: bool = False
    subject: str = ""
    body: str = ""


def plan_event(
    event: IncidentEvent,
    *,
    first: bool,
    has_picture: bool,
    audiences: Sequence[Audience],
    silent: bool,
    place: int | None = None,
    growth: int | None = None,
) -> list[PlannedStep]:
    """Return the steps of an event, texts of all recipients before anybody's pictures.

    ``first``: no event of this incident was taken in before, whatever it reports; the first one makes the text, so that
    an incident is told even if its ``opened`` was lost. ``silent``: it is snoozed; everything is told, nothing
    rings. ``place``: the number of the further place that it tells of, ``growth``: how many times it has begun to grow;
    each rings once. Pictures never ring: the text just did. A ``canary`` proves that the chain works and disturbs
    nobody.
    """
    if event.kind == "canary":
        return []
    texts: list[PlannedStep] = []
    media: list[PlannedStep] = []
    subject = "" if place is None else f"place {place}"
    if growth is not None:
        subject = f"growth {growth}"
    for audience in audiences:
        to = audience.recipient
        if first:
            texts.append(PlannedStep("text", to, silent))
        else:
            texts.append(PlannedStep("edit", to, True))
            if event.change == "worsened" or growth is not None:
                texts.append(PlannedStep("update", to, silent, subject))
        if not audience.pictures:
            continue
        if has_picture:
            as_update = event.change == "worsened" and not first
            media.append(
                PlannedStep("update_photo", to, True, subject) if as_update else PlannedStep("photo", to, True)
            )
        if (first or event.change == "opened") and event.kind == "fire":
            media.append(PlannedStep("clip", to, True))
    return texts + media
