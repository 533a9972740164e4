"""When a demo is over."""

from __future__ import annotations

from hackai_shared.messages import CameraStatus, DeliveryReport, FrameRef, IncidentEvent, utc_now
from hackai_standalone.demo.progress import STEPS, Progress


def camera(state: str, frames: int, epoch: str = "e") -> CameraStatus:
    return CameraStatus.model_validate(
        {
            "camera_id": "demo",
            "name": "demo",
            "state": state,
            "source": "x",
            "epoch": epoch,
            "frames": frames,
            "dropped": 0,
            "reconnects": 0,
            "fps": 10,
        }
    )


def frame(sequence: int, epoch: str = "e") -> FrameRef:
    return FrameRef(camera_id="demo", epoch=epoch, sequence=sequence, captured_at=utc_now(), stream_s=sequence / 10)


def opened(incident: str) -> IncidentEvent:
    return IncidentEvent(
        incident_id=incident,
        revision=0,
        kind="fire",
        change="opened",
        camera_id="demo",
        camera_name="demo",
        label="fire",
        score=0.9,
        peak_score=0.9,
        opened_at=utc_now(),
        confirmed_at=utc_now(),
        opened_s=1,
        confirmed_s=2,
        frames_positive=9,
        frames_seen=10,
        frame=frame(3),
    )


def delivered(incident: str, step: str, channel: str = "console", outcome: str = "delivered") -> DeliveryReport:
    return DeliveryReport.model_validate(
        {
            "incident_id": incident,
            "camera_id": "demo",
            "step": step,
            "channel": channel,
            "recipient": channel,
            "outcome": outcome,
            "attempts": 1,
            "latency_s": 0.1,
        }
    )


def test_a_running_source_is_never_done() -> None:
    progress = Progress("console")
    progress.on_status(camera("running", 10))
    progress.on_judged(frame(9))

    assert not progress.all_judged


def test_the_last_frame_must_have_been_judged_and_be_of_the_same_start() -> None:
    progress = Progress("console")
    progress.on_status(camera("ended", 10))
    assert not progress.all_judged
    progress.on_judged(frame(8))
    assert not progress.all_judged
    progress.on_judged(frame(9, epoch="earlier"))
    assert not progress.all_judged

    progress.on_judged(frame(9))

    assert progress.all_judged


def test_a_source_without_frames_is_done_at_once() -> None:
    progress = Progress("console")

    progress.on_status(camera("ended", 0))

    assert progress.all_judged


def test_every_step_of_every_incident_is_waited_for_on_the_chosen_channel() -> None:
    progress = Progress("console")
    progress.on_incident(opened("a"))
    progress.on_incident(opened("b"))
    for step in STEPS:
        progress.on_delivery(delivered("a", step))
        progress.on_delivery(delivered("b", step, channel="webhook"))

    assert progress.waiting_for == [("b", step) for step in STEPS]


def test_a_step_that_failed_for_good_is_not_waited_for() -> None:
    progress = Progress("console")
    progress.on_incident(opened("a"))
    progress.on_delivery(delivered("a", "text"))
    progress.on_delivery(delivered("a", "photo"))
    progress.on_delivery(delivered("a", "clip", outcome="dead_letter"))

    assert progress.waiting_for == []
