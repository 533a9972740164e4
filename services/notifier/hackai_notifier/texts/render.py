"""The texts that people read. Pure; HTML with the tags ``b``, ``i`` and ``code`` alone, everything foreign escaped."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from hackai_notifier.incident.drills import Drill
from hackai_notifier.incident.incidents import Incident, Mark
from hackai_notifier.incident.steps import StepName
from hackai_notifier.texts.sentence import technical_detail, what_was_seen
from hackai_notifier.texts.whereabouts import listed, where
from hackai_notifier.texts.wording import CAPTION_LIMIT, DANGER, STILL_RINGS, TEXT_LIMIT, duration, limited, shorten
from hackai_shared.figures import percent
from hackai_shared.messages import IncidentEvent

# Faults that the camera service ends when somebody says that this is what the camera is meant to see.
ACCEPTABLE_VIEWS = ("moved", "covered", "defocused")
# Kinds of incidents that are no fire: a camera that cannot be relied on.
TROUBLE = ("camera_fault", "not_judged")
_FAULTS = {
    "offline": "no picture",
    "frozen": "picture frozen",
    "dark": "picture dark",
    "covered": "lens covered",
    "defocused": "out of focus",
    "moved": "camera moved",
}
# Why nothing is judged, and what to do.
CAUSES = {
    "redis": ("the message bus (Redis) is unavailable", "Check that Redis runs and that its disk has space"),
    "inference": ("the inference service does not respond", "Restart the inference service"),
    "camera_service": ("the camera service does not respond", "Restart the camera service"),
    "no_frames": ("no picture arrives from the camera", "Check the camera, its power and the network"),
    "unjudged": ("pictures arrive, but the inference service judges none of them", "Check its log: hackai doctor"),
}
_ORDINALS = {2: "Second", 3: "Third", 4: "Fourth", 5: "Fifth"}


@dataclass(frozen=True)
class Writer:
    """Writes the messages about incidents in one time zone (None: the host's)."""

    zone: tzinfo | None = None

    def text(self, incident: Incident) -> str:
        """Return the message of an incident in its newest state: headline, what was seen, what happens next."""
        lines = [self._headline(incident), *self._facts(incident), *self._responses(incident), *_detail(incident)]
        return limited(lines, TEXT_LIMIT)

    def news(self, incident: Incident, subject: str) -> str:
        """Return the short message that an incident got worse.

        ``subject``: empty (a starting fire became a fire), ``place 2`` (it burns at a second place), ``growth 1``.
        """
        event = incident.event
        kind, _, number = subject.partition(" ")
        began, name = self._time(event.opened_at), _name(event.camera_name)
        if kind == "place":
            headline, spot = _further(event, int(number))
            lines = [
                f"🔥 <b>{headline} · {name}</b>{spot}",
                f"The {_thing(incident.first_label)} of {began} is no longer the only one.",
            ]
        elif kind == "growth":
            lines = [
                f"🔥 <b>GROWING · {name}</b> · {percent(event.peak_score)}",
                f"The {_thing(event.label)} of {began} is growing.",
            ]
        else:
            lines = [
                f"🔥 <b>OPEN FLAMES NOW · {name}</b> · {percent(event.peak_score)}",
                f"The {_thing(incident.first_label)} of {began} is now a {_thing(event.label)}.",
            ]
        return limited([*lines, DANGER], TEXT_LIMIT)

    def reminder(self, incident: Incident, waited_s: float, told: str) -> str:
        """Return the message that nobody has acknowledged yet; ``told`` names who is alerted now as well."""
        event = incident.event
        lines = [
            f"⏰ <b>NOT ACKNOWLEDGED · {_title(event.kind, event.label).upper()} · {_name(event.camera_name)}</b>",
            f"Alerted {duration(timedelta(seconds=waited_s))} ago; nobody has acknowledged it.",
        ]
        if told:
            lines.append(f"Also alerted: {html.escape(shorten(told, 200))}.")
        lines.append(_now(incident))
        lines.append(DANGER)
        return limited(lines, TEXT_LIMIT)

    def still_there(self, incident: Incident) -> str:
        """Return the message that a snooze is over and the fire is not."""
        event = incident.event
        return limited(
            [
                f"🔔 <b>STILL BURNING · {_title(event.kind, event.label).upper()} · {_name(event.camera_name)}</b>",
                f"The snooze is over. First seen {self._time(event.opened_at)}. {_now(incident)}",
                DANGER,
            ],
            TEXT_LIMIT,
        )

    def open_now(self, incident: Incident) -> str:
        """Return what somebody reads who has come back to an incident that goes on."""
        event = incident.event
        lines = [
            f"{_symbol(incident)} <b>STILL OPEN · {_title(event.kind, event.label).upper()} · "
            f"{_name(event.camera_name)}</b>",
            f"First seen {self._time(event.opened_at)}. {_now(incident)}",
        ]
        if incident.acknowledged:
            lines.append(f"✅ Acknowledged by {self._by(incident.acknowledged)}.")
        return limited([*lines, DANGER], TEXT_LIMIT)

    def drill(self, drill: Drill) -> str:
        """Return the report of a drill."""
        if drill.outcome == "passed":
            lines = [f"✅ <b>Drill passed</b>: everyone alerted within {drill.whole_s or 0.0:.1f} s"]
        else:
            lines = [f"❌ <b>Drill failed</b>: {html.escape(shorten(drill.reason, 300))}"]
        lines += [f"{html.escape(shorten(leg.name, 80))}: {leg.seconds:.2f} s" for leg in drill.legs]
        return limited(lines, TEXT_LIMIT)

    def drill_line(self, drill: Drill) -> str:
        """Return one line for the list of drills."""
        when = drill.ordered_at.astimezone(self.zone).strftime("%d %b %H:%M")
        symbol = {"passed": "✅", "failed": "❌", "running": "⏳"}[drill.outcome]
        took = "" if drill.whole_s is None else f" · {drill.whole_s:.1f} s"
        why = f" · {html.escape(shorten(drill.reason, 80))}" if drill.reason else ""
        return f"{symbol} {when}{took} · by {html.escape(shorten(drill.by, 40))}{why}"

    def caption(self, incident: Incident, step: StepName) -> str:
        """Return the caption of a picture or clip."""
        event = incident.event
        what = {"photo": "📷", "update_photo": "📷", "clip": "🎞"}[step]
        label = event.label if step == "update_photo" else incident.first_label
        line = f"{what} {_drill(incident)}{_title(event.kind, label)} · {_name(event.camera_name)}"
        at = self._time(event.frame.captured_at if step == "update_photo" else event.confirmed_at)
        return limited([f"{line} · {at}"], CAPTION_LIMIT)

    def notice(self, incident: Incident, *, step: str, whom: str, reason: str) -> str:
        """Return what administrators read about a step that could not be delivered."""
        event = incident.event
        return limited(
            [
                f"⚠️ <b>Not delivered: {html.escape(step)} to {html.escape(whom)}</b>",
                f"{_title(event.kind, event.label)} · {_name(event.camera_name)} · {self._time(event.confirmed_at)}",
                f"Reason: <i>{html.escape(shorten(reason, 300))}</i>",
                "This message is not retried, later ones are. Other recipients are not affected.",
            ],
            TEXT_LIMIT,
        )

    def late(self, incident: Incident, *, step: str, whom: str, reason: str) -> str:
        """Return what administrators read about a step that keeps failing."""
        event = incident.event
        return limited(
            [
                f"⚠️ <b>Not delivered yet: {html.escape(step)} to {html.escape(whom)}</b>",
                f"{_title(event.kind, event.label)} · {_name(event.camera_name)} · {self._time(event.confirmed_at)}",
                f"Reason: <i>{html.escape(shorten(reason, 300))}</i>",
                "It is being retried. Check the receiver. Other recipients are not affected.",
            ],
            TEXT_LIMIT,
        )

    def line(self, incident: Incident) -> str:
        """Return one line for a list of incidents."""
        event = incident.event
        state = "open" if incident.open else incident.closed_because or "no longer seen"
        if incident.false_alarm:
            state = "false alarm"
        elif incident.acknowledged:
            state += f", acknowledged by {html.escape(shorten(incident.acknowledged.by, 40))}"
        symbol = _symbol(incident)
        when = event.confirmed_at.astimezone(self.zone).strftime("%d %b %H:%M")
        what = f"{_title(event.kind, event.label)} · {_name(event.camera_name)}"
        return f"{symbol} {when} · {_drill(incident)}{what} · {percent(event.peak_score)} · {state}"

    def brief(self, incident: Incident) -> str:
        """Return which incident is meant, in a few words."""
        event = incident.event
        return f"{_title(event.kind, event.label)} · {_name(event.camera_name)} · {self.clock(event.opened_at)}"

    def clock(self, at: datetime) -> str:
        """Return hours and minutes."""
        return at.astimezone(self.zone).strftime("%H:%M")

    def _headline(self, incident: Incident) -> str:
        event = incident.event
        name = _name(event.camera_name)
        title = _title(event.kind, event.label)
        what = f"{_drill(incident)}{title.lower()}"
        if incident.false_alarm:
            return f"{_symbol(incident)} <b>False alarm · {name}</b> · was: {what}"
        if incident.closed_because:
            return f"{_symbol(incident)} <b>Closed: {what} · {name}</b> · {html.escape(incident.closed_because)}"
        if not incident.open:
            over = "Resolved" if event.kind in TROUBLE else "No longer seen"
            return f"{_symbol(incident)} <b>{over}: {what} · {name}</b>{_peak(incident)}"
        return f"{_symbol(incident)} <b>{_drill(incident)}{title.upper()} · {name}</b>{_peak(incident)}"

    def _facts(self, incident: Incident) -> list[str]:
        event = incident.event
        lines: list[str] = []
        if event.kind == "not_judged":
            cause, _ = CAUSES.get(event.label, (event.label, ""))
            lines.append(f"Nothing this camera sees has been checked since {self._time(event.opened_at)}: {cause}.")
        elif event.kind == "camera_fault":
            lines.append(f"Since {self._time(event.opened_at)} this camera may not detect a fire.")
        else:
            lines.append(what_was_seen(event, self._time))
            if incident.open and not incident.visible and incident.false_alarm is None:
                lines.append("Not visible right now.")
        if incident.worsened:
            lines.append(f"Began as a {_thing(incident.first_label)}.")
        if len(event.places) > 1:
            lines.append(f"At {len(event.places)} places in the picture: {listed(event.places)}.")
        if incident.returned is not None:
            by = incident.returned.acknowledged_by
            who = f", acknowledged by {html.escape(shorten(by, 60))}" if by else ""
            ended = self.clock(incident.returned.over_at)
            lines.append(f"🔁 <b>It is back</b>: the previous one here ended at {ended}{who}.")
        elif event.previous_incident_id is not None:
            lines.append("Follows an earlier incident of this camera.")
        if incident.cleared_at is not None:
            lines += self._ending(incident, incident.cleared_at)
        return lines

    def _ending(self, incident: Incident, at: datetime) -> list[str]:
        event = incident.event
        lasted = duration(at - event.opened_at)
        if incident.closed_because:
            return [f"Closed at {self._time(at)}, because the camera is no longer watched; it was open for {lasted}."]
        if event.kind == "not_judged":
            return [f"This camera is watched again since {self._time(at)}; it was blind for {lasted}."]
        if event.kind == "camera_fault":
            return [f"Resolved at {self._time(at)}, after {lasted}."]
        look = "" if incident.false_alarm else " Please check in person."
        return [f"Not seen since {self._time(at)}; lasted {lasted}.{look}"]

    def _responses(self, incident: Incident) -> list[str]:
        lines: list[str] = []
        fire = incident.event.kind == "fire"
        if incident.false_alarm:
            learns = "; the picture is kept for training" if fire else ""
            lines.append(f"🚫 Marked as a false alarm by {self._by(incident.false_alarm)}{learns}.")
        if incident.acknowledged_before:
            lines.append(f"Acknowledged by {self._by(incident.acknowledged_before)}, before it got worse.")
        if incident.acknowledged:
            lines.append(f"✅ Acknowledged by {self._by(incident.acknowledged)}.")
        lines += [f"📣 Not acknowledged: also alerted {self._by(mark)}." for mark in incident.told_further]
        if incident.snoozed:
            still_rings = f" {STILL_RINGS}" if fire else ""
            until = self.clock(incident.snoozed.until)
            lines.append(f"🔕 Snoozed until {until} by {html.escape(shorten(incident.snoozed.by, 60))}.{still_rings}")
        if not incident.open or incident.false_alarm or incident.acknowledged:
            return lines
        if incident.event.kind == "drill":
            lines.append("This is a drill: there is no fire. Press Acknowledge to show that it reached you.")
        elif fire:
            follows = "Picture and clip follow. " if incident.version == 1 else ""
            lines.append(f"{follows}{DANGER}")
        elif incident.event.kind == "not_judged":
            _, remedy = CAUSES.get(incident.event.label, ("", "Check /status"))
            lines.append(f"Until then, no fire here is detected. {remedy}; /status shows every part.")
        else:
            lines.append("Please check the camera.")
            if incident.event.label in ACCEPTABLE_VIEWS:
                lines.append("If the camera is meant to see this, press False alarm: the view becomes normal.")
        return lines

    def _by(self, mark: Mark) -> str:
        return f"{html.escape(shorten(mark.by, 60))} at {self.clock(mark.at)}"

    def _time(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M:%S")


def _name(camera_name: str) -> str:
    return html.escape(shorten(camera_name, 80))


def _title(kind: str, label: str) -> str:
    if kind == "not_judged":
        return "Camera not watched"
    if kind == "camera_fault":
        return f"Camera fault: {html.escape(shorten(_FAULTS.get(label, label), 60))}"
    return _thing(label).capitalize()


def _thing(label: str) -> str:
    return {"fire": "fire", "start_fire": "starting fire"}.get(label, html.escape(shorten(label, 60)))


def _drill(incident: Incident) -> str:
    return "DRILL: " if incident.event.kind == "drill" else ""


def _peak(incident: Incident) -> str:
    return "" if incident.event.kind in TROUBLE else f" · {percent(incident.event.peak_score)}"


def _now(incident: Incident) -> str:
    if incident.event.kind in TROUBLE:
        return "It is not resolved."
    if not incident.open:
        return "It is no longer seen: it may be out, or the camera may have failed. Please check."
    return "It is visible now." if incident.visible else "It is not visible right now."


def _detail(incident: Incident) -> list[str]:
    return [] if incident.event.kind in TROUBLE else [f"<i>{technical_detail(incident.event)}</i>"]


def _further(event: IncidentEvent, number: int) -> tuple[str, str]:
    """Return the headline of a fire at a further place and where it is."""
    ordinal = _ORDINALS.get(number, "Another")
    # A worsening that overtook it counts its places anew.
    spot = f" · {where(event.places[number - 1])}" if number <= len(event.places) else ""
    return f"{ordinal} {_thing(event.label)} in the same picture".upper(), spot


def _symbol(incident: Incident) -> str:
    if incident.false_alarm:
        return "🚫"
    if not incident.open:
        return "⚪"
    if incident.event.kind in TROUBLE:
        return "📵"
    return {"fire": "🔥", "start_fire": "🟠"}.get(incident.event.label, "❗")
