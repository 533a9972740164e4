from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hackai_notifier.incident.incidents import Incident, Mark, SnoozeMark, merge
from hackai_notifier.texts.render import Writer
from hackai_notifier.texts.wording import CAPTION_LIMIT, STILL_RINGS, TEXT_LIMIT, plain, shorten
from hackai_shared.messages import Spot
from notifier_harness import incident, later
from telegram_emulator import markup

AT = datetime(2026, 11, 24, 14, 3, 22, tzinfo=UTC)
WRITER = Writer(UTC)


def fire(**changes: Any) -> Incident:
    return merge(None, incident(opened_at=AT - timedelta(seconds=3), confirmed_at=AT, **changes))


def test_a_new_fire() -> None:
    assert plain(WRITER.text(fire())).splitlines() == [
        "🔥 FIRE · Front door · 97 %",
        "First seen 14:03:19, confirmed within 3 s. Very certain (97 %).",
        "Picture and clip follow. If you are in danger, get everyone out and call the fire service (112 / 911).",
        "28 of 30 frames",
    ]


def test_what_began_as_smoke() -> None:
    smoke = incident(label="start_fire", opened_at=AT, confirmed_at=AT)
    worse = merge(merge(None, smoke), later(smoke, "worsened", label="fire"))

    assert plain(WRITER.text(worse)).splitlines()[2] == "Began as a starting fire."
    assert plain(WRITER.news(worse, "")).splitlines()[:2] == [
        "🔥 OPEN FLAMES NOW · Front door · 97 %",
        "The starting fire of 14:03:22 is now a fire.",
    ]


def test_a_fire_at_a_further_place_says_where() -> None:
    event = incident(opened_at=AT, confirmed_at=AT, places=[Spot(x=0.1, y=0.9)])
    more = merge(merge(None, event), later(event, "worsened", places=[Spot(x=0.1, y=0.9), Spot(x=0.5, y=0.1)]))

    assert plain(WRITER.news(more, "place 2")).splitlines()[:2] == [
        "🔥 SECOND FIRE IN THE SAME PICTURE · Front door · top",
        "The fire of 14:03:22 is no longer the only one.",
    ]
    assert "At 2 places in the picture: bottom left, top." in plain(WRITER.text(more)).splitlines()


def test_a_place_that_a_worsening_made_forget_is_told_without_words_for_it() -> None:
    first = plain(WRITER.news(fire(), "place 2")).splitlines()[0]
    assert first == "🔥 SECOND FIRE IN THE SAME PICTURE · Front door"


def test_a_fire_that_is_over_says_so_in_its_first_line() -> None:
    event = incident(opened_at=AT, confirmed_at=AT)
    over = merge(merge(None, event), later(event, "cleared", created_at=AT + timedelta(seconds=108)))

    assert plain(WRITER.text(over)).splitlines() == [
        "⚪ No longer seen: fire · Front door · 97 %",
        "First seen 14:03:22, confirmed within 1 s. Very certain (97 %).",
        "Not seen since 14:05:10; lasted 1 min 48 s. Please check in person.",
        "28 of 30 frames",
    ]


def test_who_did_what_about_it() -> None:
    answered = fire().model_copy(
        update={
            "acknowledged": Mark(by="Ann", at=AT),
            "snoozed": SnoozeMark(by="Bob", at=AT, until=AT + timedelta(minutes=10)),
        }
    )
    lines = plain(WRITER.text(answered)).splitlines()

    assert "✅ Acknowledged by Ann at 14:03." in lines
    assert f"🔕 Snoozed until 14:13 by Bob. {STILL_RINGS}" in lines
    marked = WRITER.text(fire().model_copy(update={"false_alarm": Mark(by="Ann", at=AT)}))
    assert plain(marked).startswith("🚫 False alarm · Front door · was: fire")


def test_a_drill_and_a_camera_fault_cannot_be_taken_for_a_fire() -> None:
    assert plain(WRITER.text(fire(kind="drill"))).startswith("🔥 DRILL: FIRE · Front door")
    assert plain(WRITER.text(fire(kind="camera_fault", label="frozen"))).startswith(
        "📵 CAMERA FAULT: PICTURE FROZEN · Front door\n"
    )


@pytest.mark.parametrize("evil", ["<b>bold</b>", "a & b", "<script>", "</b>", "&lt;", "🔥" * 500, "x" * 5000, "\n\n"])
def test_foreign_text_breaks_neither_markup_nor_limits(evil: str) -> None:
    known = fire(camera_name=evil, label="fire").model_copy(update={"acknowledged": Mark(by=evil, at=AT)})
    texts = [
        WRITER.text(known),
        WRITER.news(known, ""),
        WRITER.open_now(known),
        WRITER.brief(known),
        WRITER.line(known),
        WRITER.notice(known, step=evil[:50], whom=evil[:50], reason=evil),
    ]
    for text in texts:
        assert markup.length(markup.parse(text)) <= TEXT_LIMIT
    for step in ("photo", "update_photo", "clip"):
        assert markup.length(markup.parse(WRITER.caption(known, step))) <= CAPTION_LIMIT


def test_the_peak_is_shown_while_the_fire_hides() -> None:
    event = incident(opened_at=AT, confirmed_at=AT)
    hidden = merge(merge(None, event), later(event, "updated", score=0.02))
    lines = plain(WRITER.text(hidden)).splitlines()

    assert lines[0] == "🔥 FIRE · Front door · 97 %"
    assert "Not visible right now." in lines
    assert "Not visible right now." not in WRITER.text(merge(hidden, later(hidden.event, "updated", score=0.9)))


def test_a_camera_that_is_not_judged_says_why_and_what_to_do() -> None:
    blind = fire(kind="not_judged", label="inference")
    text = plain(WRITER.text(blind))

    assert text.startswith("📵 CAMERA NOT WATCHED · Front door\n")
    assert "since 14:03:19: the inference service does not respond." in text
    assert "Until then, no fire here is detected. Restart the inference service" in text
    over = merge(blind, later(blind.event, "cleared", created_at=AT + timedelta(seconds=57)))
    assert "This camera is watched again since 14:04:19; it was blind for 1 min 0 s." in plain(WRITER.text(over))


def test_shortening_keeps_to_the_limit() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("a\n b", 10) == "a b"
