import io
from pathlib import Path

import pytest

from hackai_notifier.channels.base import Delivery, TemporaryFailure
from hackai_notifier.channels.console import ConsoleChannel
from hackai_notifier.incident.incidents import merge
from hackai_notifier.incident.steps import StepName
from notifier_harness import incident, jpeg


def delivery(name: str, media: bytes | None = None) -> Delivery:
    known = merge(None, incident(incident_id=name))
    step: StepName = "photo" if media else "text"
    return Delivery(key=name, step=step, address="console", incident=known, text="<b>A &amp; B</b>", media=media)


async def test_texts_are_lines_and_pictures_are_files(tmp_path: Path) -> None:
    out = io.StringIO()
    channel = ConsoleChannel(tmp_path, keep=9, out=out)

    await channel.send(delivery("a"))
    receipt = await channel.send(delivery("a", jpeg()))

    assert receipt.detail == str(tmp_path / "a" / "photo.jpg")
    assert out.getvalue() == f"A & B\nA & B\n{receipt.detail}\n"
    assert (tmp_path / "a" / "photo.jpg").read_bytes() == jpeg()


async def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    channel = ConsoleChannel(tmp_path, keep=2, out=io.StringIO())
    for name in "abc":
        await channel.send(delivery(name, jpeg()))

    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / "c").exists()


async def test_a_folder_that_cannot_be_written_is_temporary(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    channel = ConsoleChannel(tmp_path / "file", keep=2, out=io.StringIO())

    with pytest.raises(TemporaryFailure):
        await channel.send(delivery("a", jpeg()))
