"""A camera that is asked for one picture after the other."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from hackai_camera.sources.base import Pace, SourceError
from hackai_camera.sources.snapshot import MAX_BAD, Snapshot
from hackai_shared.config.cameras import SnapshotSource

CREDENTIALS = "root:ge%2Fheim%401@"


@pytest.fixture
def snapshot() -> Iterator[Any]:
    """A function that opens a source; it is closed at the end."""
    opened: list[Snapshot] = []

    def make(url: str, bad: list[str] | None = None, **options: Any) -> Snapshot:
        config = SnapshotSource.model_validate({"url": url, "interval_s": 0.1, **options})
        source = Snapshot(config, (bad if bad is not None else []).append)
        opened.append(source)
        assert source.open() is Pace.LIVE
        return source

    yield make
    for source in opened:
        source.close()


def test_each_answer_is_a_frame_byte_for_byte(snapshot: Any, web_camera: Any) -> None:
    frames = list(islice(snapshot(web_camera.url("/snapshot.jpg")).frames(), 3))

    assert [frame.media_s for frame in frames] == [None] * 3
    assert {frame.picture.encode(640, 85).jpeg for frame in frames} == {web_camera.snapshot[2]}
    assert len(web_camera.asked) == 3


@pytest.mark.parametrize(("path", "scheme"), [("/basic.jpg", "Basic "), ("/digest.jpg", "Digest ")])
def test_the_password_is_sent_as_the_camera_asks_for_it(snapshot: Any, web_camera: Any, path: str, scheme: str) -> None:
    assert len(list(islice(snapshot(web_camera.url(path, CREDENTIALS)).frames(), 2))) == 2

    assert web_camera.asked[0] == (path, ""), "nothing is sent before it is asked for"
    assert web_camera.asked[-1][1].startswith(scheme)


def test_a_token_is_sent_as_bearer(snapshot: Any, web_camera: Any) -> None:
    assert next(snapshot(web_camera.url("/token.jpg"), token="geheim").frames())


def test_a_redirect_is_followed(snapshot: Any, web_camera: Any) -> None:
    assert next(snapshot(web_camera.url("/moved.jpg")).frames())


def test_a_refused_password_is_named_and_not_shown(snapshot: Any, web_camera: Any) -> None:
    source = snapshot(web_camera.url("/basic.jpg", "root:geheim@"))

    with pytest.raises(SourceError, match=r"refuses the user name or the password \(401\)") as caught:
        next(source.frames())

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((404, "text/html", b"no"), r"nothing at this path \(404\)"),
        ((503, "text/html", b"no"), "status 503"),
        ((200, "multipart/x-mixed-replace; boundary=x", b"--x"), "use type pyav"),
    ],
)
def test_what_is_no_picture_says_why(snapshot: Any, web_camera: Any, answer: Any, expected: str) -> None:
    web_camera.snapshot = answer

    with pytest.raises(SourceError, match=expected):
        next(snapshot(web_camera.url("/snapshot.jpg")).frames())


def test_damaged_and_too_large_answers_are_skipped_until_they_are_too_many(
    snapshot: Any, web_camera: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hackai_camera.sources.snapshot.time.sleep", lambda _: None)
    web_camera.snapshot = (200, "image/jpeg", bytes(20_000))
    bad: list[str] = []

    with pytest.raises(SourceError, match="no picture, the last one: larger than 10000 bytes"):
        next(snapshot(web_camera.url("/snapshot.jpg"), bad, max_bytes=10_000).frames())

    assert len(bad) == MAX_BAD + 1


def test_nobody_there_and_nobody_answering_are_told_apart(snapshot: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://root:geheim@127.0.0.1:{silent.getsockname()[1]}/now.jpg"
        with pytest.raises(SourceError, match="refused"):
            next(snapshot(url).frames())
        silent.listen()
        with pytest.raises(SourceError, match="no answer in time"):
            next(snapshot(url, timeout_s=0.2).frames())
