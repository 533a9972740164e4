import sqlite3
import time
from collections.abc import Iterator

import pytest

from hackai_notifier.delivery import addresses, outbox
from hackai_notifier.delivery.outbox import LANES, Step
from hackai_notifier.delivery.plan import PlannedStep
from hackai_notifier.delivery.queueing import STUBBORN
from hackai_notifier.incident import incidents, media
from hackai_notifier.incident.incidents import merge
from hackai_notifier.incident.steps import StepName
from hackai_notifier.people.recipients import Recipient
from hackai_notifier.storage.schema import MIGRATIONS
from notifier_harness import incident

ANN = Recipient("telegram", "1")
MESSAGES, PHOTOS, CLIPS = LANES


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys=ON")
    for script in MIGRATIONS:
        connection.executescript(script)
    yield connection
    connection.close()


def told(db: sqlite3.Connection, incident_id: str, *steps: StepName) -> None:
    """Store an incident with waiting steps for Ann."""
    incidents.save(db, merge(None, incident(incident_id=incident_id)))
    outbox.enqueue(db, incident_id, [PlannedStep(step, ANN) for step in steps], version=1)


def messages(db: sqlite3.Connection) -> list[Step]:
    return outbox.waiting(db, ANN, MESSAGES)


def named(steps: list[Step]) -> list[tuple[str, str]]:
    return [(step.incident_id, step.step) for step in steps]


def test_the_order_of_incidents_is_the_order_of_texts(db: sqlite3.Connection) -> None:
    told(db, "a", "text", "photo")
    told(db, "b", "text")

    assert named(messages(db)) == [("a", "text"), ("b", "text")]


def test_a_picture_waits_for_its_text_but_not_for_ever(db: sqlite3.Connection) -> None:
    told(db, "a", "text", "photo")
    (text,) = messages(db)
    assert outbox.waiting(db, ANN, PHOTOS) == []

    for _ in range(STUBBORN):
        outbox.mark_failed(db, text, "500")

    assert named(outbox.waiting(db, ANN, PHOTOS)) == [("a", "photo")]


def test_a_picture_follows_when_its_text_is_given_up(db: sqlite3.Connection) -> None:
    told(db, "a", "text", "photo")
    outbox.mark_dead(db, messages(db)[0], "400")

    assert named(outbox.waiting(db, ANN, PHOTOS)) == [("a", "photo")]
    assert outbox.dead_letters(db, 5)[0].reason == "400"


def test_a_repeated_step_is_one_step(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    outbox.mark_delivered(db, messages(db)[0], version=1, message_id="7", detail="")
    told(db, "a", "text")

    assert messages(db) == []


def test_edits_coalesce_and_come_after_texts(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    outbox.mark_delivered(db, messages(db)[0], version=1, message_id="7", detail="")
    outbox.enqueue_edits(db, "a", 2)
    outbox.enqueue_edits(db, "a", 3)
    told(db, "b", "text")

    assert named(messages(db)) == [("b", "text"), ("a", "edit")]
    assert messages(db)[1].version == 3


def test_an_edit_that_was_overtaken_stays_waiting(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    outbox.mark_delivered(db, messages(db)[0], version=1, message_id="7", detail="")
    outbox.enqueue_edits(db, "a", 2)
    (edit,) = messages(db)
    outbox.enqueue_edits(db, "a", 3)

    outbox.mark_delivered(db, edit, version=2, message_id="7", detail="")
    assert named(messages(db)) == [("a", "edit")]
    outbox.mark_delivered(db, edit, version=3, message_id="7", detail="")
    assert messages(db) == []


def test_a_text_that_was_late_makes_its_edits_superfluous(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    outbox.enqueue_edits(db, "a", 2)
    assert named(messages(db)) == [("a", "text")]

    outbox.mark_delivered(db, messages(db)[0], version=2, message_id="7", detail="")

    assert messages(db) == []
    sent = outbox.sent_text(db, "a", ANN)
    assert sent is not None
    assert sent.message_id == "7"


def test_everything_waiting_moves_with_a_chat(db: sqlite3.Connection) -> None:
    told(db, "a", "text", "photo")
    addresses.move(db, ANN, "-100", now=0.0)

    assert outbox.recipients_waiting(db) == [Recipient("telegram", "-100")]
    assert addresses.moves(db) == [(ANN, "-100")]


def test_what_the_new_address_has_already_does_not_wait_at_the_old_one(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    outbox.enqueue(db, "a", [PlannedStep("text", Recipient("telegram", "-100"))], version=1)
    addresses.move(db, ANN, "-100", now=0.0)

    assert outbox.recipients_waiting(db) == [Recipient("telegram", "-100")]
    assert messages(db) == []


def test_a_notice_is_sent_once_per_subject(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    for subject in ("x", "x", "y"):
        outbox.enqueue_notice(db, "a", ANN, subject, "hello")

    assert [step.step for step in messages(db)].count("notice") == 2


def test_the_summary_counts_states(db: sqlite3.Connection) -> None:
    told(db, "a", "text", "photo", "clip")
    outbox.mark_dead(db, messages(db)[0], "403")

    summary = outbox.summary(db)
    assert (summary.waiting, summary.delivered, summary.dead, summary.oldest_text_at) == (2, 0, 1, None)


def test_pruning_keeps_what_waits_and_what_is_new(db: sqlite3.Connection) -> None:
    for name in ("old", "waiting", "new"):
        told(db, name, "photo")
        media.store(db, name, "photo", b"jpeg")
    for step in outbox.waiting(db, ANN, PHOTOS):
        if step.incident_id != "waiting":
            outbox.mark_delivered(db, step, version=1, message_id=None, detail="")
    media.store(db, "new", "clip", b"mp4")

    media.prune(db, pictures=1, incidents=2, clips=0)

    assert media.load(db, "old", "photo") is None
    assert incidents.load(db, "old") is None
    assert media.load(db, "waiting", "photo") == b"jpeg"
    assert media.load(db, "new", "photo") == b"jpeg"
    assert media.load(db, "new", "clip") is None


def test_keys_are_the_same_for_every_attempt(db: sqlite3.Connection) -> None:
    told(db, "a", "text")

    assert messages(db)[0].key == "a:text:telegram:1"


def test_a_group_moves_with_its_topics_and_what_its_old_id_refused_is_tried_again(db: sqlite3.Connection) -> None:
    topic, other = Recipient("telegram", "-5/17"), Recipient("telegram", "-55")
    incidents.save(db, merge(None, incident(incident_id="a")))
    plan = [PlannedStep("text", to) for to in (Recipient("telegram", "-5"), topic, other)]
    outbox.enqueue(db, "a", plan, version=1)
    for to in (topic, other):
        (step,) = outbox.waiting(db, to, MESSAGES)
        outbox.mark_dead(db, step, "403")

    addresses.move(db, Recipient("telegram", "-5"), "-1005", now=time.time())

    waiting = {
        to.address: [one.attempts for one in outbox.waiting(db, to, MESSAGES)] for to in outbox.recipients_waiting(db)
    }
    assert waiting == {"-1005": [0], "-1005/17": [0]}
    assert [letter.step.recipient for letter in outbox.dead_letters(db, 9)] == [other]


def test_what_was_given_up_long_ago_stays_so(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    outbox.mark_dead(db, messages(db)[0], "403")

    addresses.move(db, ANN, "-100", now=time.time() + addresses.REVIVED_S + 1)

    assert outbox.recipients_waiting(db) == []


def test_those_who_could_not_be_reached_are_reminded_too(db: sqlite3.Connection) -> None:
    told(db, "a", "text")
    outbox.mark_dead(db, messages(db)[0], "404")

    assert outbox.told(db, "a") == []
    assert outbox.addressed(db, "a") == [ANN]
