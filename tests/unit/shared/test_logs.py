"""What reaches the log, and what must not."""

from __future__ import annotations

import json
import logging
from typing import Iterator

import pytest
import structlog

from hackai_shared.logs import configure_logging

URL = "rtsp://root:geheim@10.0.0.1/live"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the logging of the test session as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_lines_are_json_and_carry_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("camera")

    structlog.get_logger("test").info("opened", camera="front", tries=[1, 2])

    line = json.loads(capsys.readouterr().err)
    assert (line["service"], line["event"], line["camera"], line["tries"]) == ("camera", "opened", "front", [1, 2])


def test_credentials_are_redacted_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("camera")

    structlog.get_logger("test").warning(f"lost {URL}", source=URL, nested={"urls": [URL, (URL,)]})

    text = capsys.readouterr().err
    assert "geheim" not in text
    assert text.count("rtsp://***@10.0.0.1/live") == 4


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_traceback_shows_no_password(capsys: pytest.CaptureFixture[str], format: str) -> None:
    configure_logging("camera", format=format)
    secret = "local-variable"
    try:
        raise RuntimeError(f"cannot open {URL} with {len(secret)} letters")
    except RuntimeError:
        logging.getLogger("test").exception("failed")

    text = capsys.readouterr().err
    assert "rtsp://***@10.0.0.1/live" in text
    assert "geheim" not in text
    assert "local-variable" not in text
