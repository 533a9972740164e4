"""The texts that people read. Pure; HTML with the tags ``b``, ``i`` and ``code`` alone, everything foreign escaped."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from hackai_notifier.incident.drills import Drill
from hackai_notifier.incident.incidents import Incident, Mark
from hackai_notifier.incident.steps import StepName
from hackai_notifier.texts.sentence import percent, what_was_seen
from hackai_notifier.texts.whereabouts import listed, where
from hackai_notifier.texts.wording import CAPTION_LIMIT, TEXT_LIMIT, duration, limited, shorten

# Faults that the camera service ends when somebody says that this is what the camera is meant to see.
ACCEPTABLE_VIEWS = ("moved", "covered", "defocused")
_FAULTS = {
    "offline": "no picture",
    "frozen": "picture frozen",
    "dark": "picture dark",
    "covered": "lens covered",
    "defocused": "out of focus",
    "moved": "camera moved",
}


@dataclass(frozen=True)
class Writer:
    """Writes the messages about incidents in one time zone (None: the host's)."""

    zone: tzinfo | None = None

    def text(self, incident: Incident) -> str:
        """Return the message of an incident in its newest state: headline, what was seen, what happens next."""
        lines = [self._headline(incident), *self._facts(incident), *self._responses(incident)]
        return limited(lines, TEXT_LIMIT)

    def update(self, incident: Incident) -> str:
        """Return the short message that an incident grew worse."""
        event = incident.event
        began = self._time(event.opened_at)
        return limited(
            [
                f"🔥 <b>NOW FLAMES · {_name(event.camera_name)}</b> · {percent(event.score)}",
                f"The {_thing(incident.first_label)} of {began} has become a {_thing(event.label)}.",
                "In danger: get everybody out and call the fire brigade.",
            ],
            TEXT_LIMIT,
        )

    def further(self, incident: Incident, subject: str) -> str:
        """Return the short message that it burns at another place as well; ``subject``: ``place 2`` and so on."""
        event = incident.event
        number = int(subject.rpartition(" ")[2])
        # A worsening that overtook it counts its places anew.
        spot = f" · {where(event.places[number - 1])}" if number <= len(event.places) else ""
        headline = f"AT ANOTHER PLACE TOO: {_title(event.kind, event.label).upper()}"
        return limited(
            [
                f"🔥 <b>{headline} · {_name(event.camera_name)}</b>{spot}",
                f"The {_thing(incident.first_label)} of {self._time(event.opened_at)} is not the only one any more.",
                "In danger: get everybody out and call the fire brigade.",
            ],
            TEXT_LIMIT,
        )

    def reminder(self, incident: Incident, waited_s: float, told: str) -> str:
        """Return the message that nobody has acknowledged yet; ``told`` names who is told now as well, if anybody."""
        event = incident.event
        lines = [
            f"⏰ <b>NOT ACKNOWLEDGED · {_title(event.kind, event.label).upper()} · {_name(event.camera_name)}</b>",
            f"Told {duration(timedelta(seconds=waited_s))} ago, and nobody has pressed Acknowledge.",
        ]
        if told:
            lines.append(f"Now told as well: {html.escape(shorten(told, 200))}.")
        lines.append(
            "It is still seen." if incident.open else "It is no longer seen: gone out, or the camera is. Please look."
        )
        lines.append("In danger: get everybody out and call the fire brigade.")
        return limited(lines, TEXT_LIMIT)

    def still_there(self, incident: Incident) -> str:
        """Return the message that a snooze is over and the fire is not."""
        event = incident.event
        return limited(
            [
                f"🔔 <b>STILL THERE · {_title(event.kind, event.label).upper()} · {_name(event.camera_name)}</b>",
                f"The snooze is over; this has been seen since {self._time(event.opened_at)}.",
                "In danger: get everybody out and call the fire brigade.",
            ],
            TEXT_LIMIT,
        )

    def drill(self, drill: Drill) -> str:
        """Return the report of a drill."""
        if drill.outcome == "passed":
            lines = [f"✅ <b>Drill passed</b>: everybody told within {drill.whole_s or 0.0:.1f} s"]
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
        """Return what administrators are told about a step that could not be delivered."""
        event = incident.event
        return limited(
            [
                f"⚠️ <b>Not delivered: {html.escape(step)} to {html.escape(whom)}</b>",
                f"{_title(event.kind, event.label)} · {_name(event.camera_name)} · {self._time(event.confirmed_at)}",
                f"Reason: <i>{html.escape(shorten(reason, 300))}</i>",
                "This message is not tried again, later ones are. Other recipients are not affected.",
            ],
            TEXT_LIMIT,
        )

    def late(self, incident: Incident, *, step: str, whom: str, reason: str) -> str:
        """Return what administrators are told about a step that was tried several times in vain."""
        event = incident.event
        return limited(
            [
                f"⚠️ <b>Not delivered yet: {html.escape(step)} to {html.escape(whom)}</b>",
                f"{_title(event.kind, event.label)} · {_name(event.camera_name)} · {self._time(event.confirmed_at)}",
                f"Reason: <i>{html.escape(shorten(reason, 300))}</i>",
                "It is being tried again. Check the receiver. Other recipients are not affected.",
            ],
            TEXT_LIMIT,
        )

    def line(self, incident: Incident) -> str:
        """Return one line for a list of incidents."""
        event = incident.event
        state = "open" if incident.open else "no longer seen"
        if incident.false_alarm:
            state = "false alarm"
        elif incident.acknowledged:
            state += f", acknowledged by {html.escape(shorten(incident.acknowledged.by, 40))}"
        symbol = _symbol(incident)
        when = event.confirmed_at.astimezone(self.zone).strftime("%d %b %H:%M")
        what = f"{_title(event.kind, event.label)} · {_name(event.camera_name)}"
        return f"{symbol} {when} · {_drill(incident)}{what} · {percent(event.peak_score)} · {state}"

    def clock(self, at: datetime) -> str:
        """Return hours and minutes."""
        return at.astimezone(self.zone).strftime("%H:%M")

    def _headline(self, incident: Incident) -> str:
        event = incident.event
        name = _name(event.camera_name)
        title = _title(event.kind, event.label)
        if incident.false_alarm:
            return f"{_symbol(incident)} <b>False alarm · {name}</b> · was: {_drill(incident)}{title.lower()}"
        if not incident.open:
            what = f"{_drill(incident)}{title.lower()}"
            return f"{_symbol(incident)} <b>No longer seen: {what} · {name}</b> · {_peak(incident)}"
        probability = "" if event.kind == "camera_fault" else f" · {percent(event.score)}"
        return f"{_symbol(incident)} <b>{_drill(incident)}{title.upper()} · {name}</b>{probability}"

    def _facts(self, incident: Incident) -> list[str]:
        event = incident.event
        lines: list[str] = []
        if event.kind == "camera_fault":
            lines.append(f"Since {self._time(event.opened_at)} this camera cannot be trusted to see a fire.")
        else:
            lines.append(what_was_seen(event, self._time))
        if incident.worsened:
            lines.append(f"Began as a {_thing(incident.first_label)}.")
        if len(event.places) > 1:
            lines.append(f"At {len(event.places)} places of the picture: {listed(event.places)}.")
        if incident.returned is not None:
            by = incident.returned.acknowledged_by
            who = f", acknowledged by {html.escape(shorten(by, 60))}" if by else ""
            lines.append(
                f"🔁 <b>It is back</b>: the last one here was over at {self.clock(incident.returned.over_at)}{who}."
            )
        elif event.previous_incident_id is not None:
            lines.append("It follows an earlier incident of this camera.")
        if incident.cleared_at is not None:
            gone = self._time(incident.cleared_at)
            look = "" if incident.false_alarm else " Please look for yourself."
            lasted = duration(incident.cleared_at - event.opened_at)
            lines.append(f"Not seen any more since {gone}; lasted {lasted}.{look}")
        return lines

    def _responses(self, incident: Incident) -> list[str]:
        lines: list[str] = []
        if incident.false_alarm:
            learns = "; the picture helps to learn" if incident.event.kind == "fire" else ""
            lines.append(f"🚫 Marked as false alarm by {self._by(incident.false_alarm)}{learns}.")
        if incident.acknowledged_before:
            lines.append(f"Answered by {self._by(incident.acknowledged_before)}, before it grew worse.")
        if incident.acknowledged:
            lines.append(f"✅ Acknowledged by {self._by(incident.acknowledged)}.")
        lines += [f"📣 Not acknowledged: told {self._by(mark)} as well." for mark in incident.told_further]
        if incident.snoozed:
            until = self.clock(incident.snoozed.until)
            lines.append(f"🔕 Silent until {until}, by {self._by(incident.snoozed)}. Anything worse still rings.")
        if not incident.open or incident.false_alarm or incident.acknowledged:
            return lines
        if incident.event.kind == "drill":
            lines.append("This is a drill: nothing burns. Press Acknowledge to show that it reached you.")
        elif incident.event.kind == "fire":
            follows = "Picture and clip follow. " if incident.version == 1 else ""
            lines.append(f"{follows}In danger: get everybody out and call the fire brigade.")
        else:
            lines.append("Please look after the camera.")
            if incident.event.label in ACCEPTABLE_VIEWS:
                lines.append("Is it meant to see just this? Then press False alarm: the view becomes normal.")
        return lines

    def _by(self, mark: Mark) -> str:
        return f"{html.escape(shorten(mark.by, 60))} at {self.clock(mark.at)}"

    def _time(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%H:%M:%S")


def _name(camera_name: str) -> str:
    return html.escape(shorten(camera_name, 80))


def _title(kind: str, label: str) -> str:
    if kind == "camera_fault":
        return f"Camera trouble: {html.escape(shorten(_FAULTS.get(label, label), 60))}"
    return _thing(label).capitalize()


def _thing(label: str) -> str:
    return {"fire": "fire", "start_fire": "starting fire"}.get(label, html.escape(shorten(label, 60)))


def _drill(incident: Incident) -> str:
    return "DRILL: " if incident.event.kind == "drill" else ""


def _peak(incident: Incident) -> str:
    return "" if incident.event.kind == "camera_fault" else f"peak {percent(incident.event.peak_score)}"


def _symbol(incident: Incident) -> str:
    if incident.false_alarm:
        return "🚫"
    if not incident.open:
        return "⚪"
    if incident.event.kind == "camera_fault":
        return "📵"
    return {"fire": "🔥", "start_fire": "🟠"}.get(incident.event.label, "❗")
