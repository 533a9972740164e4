"""A camera that answers over HTTP as real ones do, in a thread of this process."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest


def jpeg(value: int, width: int = 64, height: int = 48) -> bytes:
    """Return a grey JPEG."""
    ok, data = cv2.imencode(".jpg", np.full((height, width, 3), value, np.uint8))
    assert ok
    return data.tobytes()


JPEGS = [jpeg(40 + 10 * number) for number in range(12)]


class WebCamera:
    """Answers ``/snapshot.jpg``, ``/basic.jpg``, ``/digest.jpg``, ``/token.jpg`` and streams at ``/stream/<how>``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        """Path and ``Authorization`` of each request."""
        self.snapshot: tuple[int, str, bytes] = (200, "image/jpeg", JPEGS[0])
        self.stop = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera._answer(self)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def url(self, path: str, credentials: str = "") -> str:
        return f"http://{credentials}127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        proof = request.headers.get("authorization", "")
        self.asked.append((request.path, proof))
        name = request.path.strip("/").partition(".")[0]
        if name in ("basic", "digest", "token") and not _proven(name, proof, request.path):
            request.send_response(401)
            if name == "digest":
                request.send_header("www-authenticate", 'Digest realm="cam", nonce="n1", qop="auth", algorithm=MD5')
            elif name == "basic":
                request.send_header("www-authenticate", 'Basic realm="cam"')
            request.end_headers()
        elif name == "moved":
            request.send_response(302)
            request.send_header("location", "/snapshot.jpg")
            request.end_headers()
        elif name.startswith("stream/"):
            self._stream(request, name.removeprefix("stream/"))
        else:
            status, kind, body = self.snapshot
            request.send_response(status)
            request.send_header("content-type", kind)
            request.send_header("content-length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

    def _stream(self, request: BaseHTTPRequestHandler, how: str) -> None:
        kind = {"bare": "image/jpeg", "octets": "application/octet-stream", "html": "text/html"}.get(
            how, "multipart/x-mixed-replace; boundary=part"
        )
        request.send_response(200)
        request.send_header("content-type", kind)
        request.end_headers()
        for number, picture in enumerate(JPEGS[:1] if how == "bare" else JPEGS):
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
            before = {
                "usual": b"--part\r\n" + head,
                "no-first": (b"\r\n--part\r\n" if number else b"") + head,
                "no-dashes": b"part\r\n" + head,
            }.get(how, b"")
            request.wfile.write(before + picture)
            request.wfile.flush()


def _proven(how: str, proof: str, path: str) -> bool:
    if how == "token":
        return proof == "Bearer geheim"
    if how == "basic":
        return proof == "Basic " + base64.b64encode(b"root:ge/heim@1").decode()
    fields = dict(part.strip().split("=", 1) for part in proof.removeprefix("Digest ").split(",") if "=" in part)
    fields = {name: value.strip('"') for name, value in fields.items()}

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    secret, request = md5("root:cam:ge/heim@1"), md5(f"GET:{path}")
    middle = ":".join(fields.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
    return fields.get("response") == md5(f"{secret}:{middle}:{request}")


@pytest.fixture
def web_camera() -> Iterator[WebCamera]:
    """A camera that answers over HTTP."""
    camera = WebCamera()
    yield camera
    camera.close()
