"""Credentials never reach a log."""

from __future__ import annotations

import pytest

from hackai_shared.redaction import redact, redact_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://admin:s3cret@10.0.0.5:554/live", "rtsp://***@10.0.0.5:554/live"),
        ("rtsp://admin:p@ss@cam/live", "rtsp://***@cam/live"),
        ("rtsp://admin:p/s#s?@x@cam/live", "rtsp://***@cam/live"),
        ("cannot open 'http://u:p@cam/x.mjpg': timeout", "cannot open 'http://***@cam/x.mjpg': timeout"),
        ("http://cam/v?user=me&pwd=secret&channel=1", "http://cam/v?user=***&pwd=***&channel=1"),
        (
            "POST https://api.telegram.org/bot123456789:AAH" + "x" * 32 + "/getMe",
            "POST https://api.telegram.org/bot***/getMe",
        ),
        ("redis://:password@127.0.0.1:6379/0", "redis://***@127.0.0.1:6379/0"),
        ("/data/clips/a@b.mp4 is fine", "/data/clips/a@b.mp4 is fine"),
    ],
)
def test_credentials_are_replaced(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_an_address_is_redacted_up_to_its_last_at_sign_also_over_spaces() -> None:
    assert redact_url("rtsp://admin:my pass/w@rd@cam/live") == "rtsp://***@cam/live"
    assert redact_url("http://cam/x?loginuse=a&loginpas=b") == "http://cam/x?loginuse=***&loginpas=***"
    assert redact_url("/clips/a@b.mp4") == "/clips/a@b.mp4"
