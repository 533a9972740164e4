import json
import os
from datetime import UTC, datetime
from pathlib import Path

from hackai_notifier.incident.feedback import LABELS, Feedback
from hackai_notifier.incident.incidents import Incident, merge
from notifier_harness import incident

AT = datetime(2026, 11, 24, tzinfo=UTC)


def known(name: str) -> Incident:
    return merge(None, incident(incident_id=name))


def test_a_false_alarm_is_a_picture_with_a_label(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path / "f")
    path = feedback.false_alarm(known("a"), b"jpeg", by="Ann", at=AT)
    feedback.false_alarm(known("a"), b"another", by="Bob", at=AT)

    assert path.read_bytes() == b"jpeg"
    (line,) = (tmp_path / "f" / LABELS).read_text().splitlines()
    label = json.loads(line)
    assert (label["file"], label["label"], label["claimed"], label["camera_id"]) == (
        "a.jpg",
        "no_fire",
        "fire",
        "front",
    )


def test_the_oldest_go_first(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path, keep=2)
    for number, name in enumerate("abc"):
        path = feedback.false_alarm(known(name), b"jpeg", by="Ann", at=AT)
        os.utime(path, (number, number))
    feedback.false_alarm(known("d"), b"jpeg", by="Ann", at=AT)

    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["c.jpg", "d.jpg"]
    assert [json.loads(line)["file"] for line in (tmp_path / LABELS).read_text().splitlines()] == ["c.jpg", "d.jpg"]
