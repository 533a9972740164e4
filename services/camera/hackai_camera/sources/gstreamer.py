"""GStreamer in a process of its own: CSI cameras and the hardware decoder of a Jetson, which FFmpeg cannot reach.

The pipeline writes raw BGR frames to its standard output. A process, not a binding: what hangs in a driver of NVIDIA's
can be killed, and nothing of GStreamer has to be built for our Python.
"""

from __future__ import annotations

import select
import shlex
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator

import numpy as np

from hackai_camera.pictures import PixelPicture
from hackai_camera.sources.base import Pace, SourceError, SourceFrame
from hackai_shared.config.cameras import GstreamerSource
from hackai_shared.redaction import redact, redact_url

PROGRAM = "gst-launch-1.0"
# What it says before it fails is short; a chatty driver must not fill the memory.
KEPT_LINES = 20
END_S = 2.0


def pipeline(config: GstreamerSource) -> list[str]:
    """Return the arguments of ``gst-launch-1.0``: one list, no shell."""
    size = f"width={config.width},height={config.height}"
    convert = f"nvvidconv flip-method={config.flip} ! video/x-raw,format=BGRx,{size} ! videoconvert"
    if config.csi is not None:
        caps = f"video/x-raw(memory:NVMM),format=NV12,{size},framerate={config.fps}/1"
        head = f"nvarguscamerasrc sensor-id={config.csi} ! {caps} ! {convert}".split()
    elif config.url is not None:
        codec = config.codec
        source = ["rtspsrc", f"location={config.url.get_secret_value()}", "protocols=tcp", "latency=200", "!"]
        head = [*source, *f"rtp{codec}depay ! {codec}parse ! nvv4l2decoder ! {convert}".split()]
    else:
        head = [*shlex.split(config.pipeline or ""), "!", "videoconvert", "!", "videoscale"]
    # sync=false: a frame is passed on when it is there; who is late gets the newest, not the oldest.
    return [*head, "!", f"video/x-raw,format=BGR,{size}", "!", "fdsink", "fd=1", "sync=false"]


def describe(config: GstreamerSource) -> str:
    """Return what people may read about it: never credentials."""
    if config.csi is not None:
        return f"CSI camera {config.csi}"
    if config.url is not None:
        return redact_url(config.url.get_secret_value())
    return redact(f"gstreamer {config.pipeline}")


class Gstreamer:
    """One run of a pipeline."""

    def __init__(self, config: GstreamerSource) -> None:
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._listener: threading.Thread | None = None
        self._first: bytearray | None = None

    def open(self) -> Pace:
        """Start the pipeline and wait for its first frame.

        Raises:
            SourceError: GStreamer or an element is missing, the pipeline failed, or no frame came in time.
        """
        try:
            # When we die without closing it, its next write fails and ends it.
            self._process = subprocess.Popen(  # noqa: S603 - the operator's own pipeline, without a shell
                [PROGRAM, "-q", *pipeline(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        except FileNotFoundError:
            raise SourceError(f"{PROGRAM} is not installed (apt-get install gstreamer1.0-tools)") from None
        except OSError as error:
            raise SourceError(f"{PROGRAM} cannot be started: {error.strerror}") from None
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        self._first = self._read(self._config.open_timeout_s)
        return Pace.LIVE

    def frames(self) -> Iterator[SourceFrame]:
        """Iterate over the frames.

        Raises:
            SourceError: the pipeline ended or failed, or the next frame did not come in time.
        """
        shape = (self._config.height, self._config.width, 3)
        data, self._first = self._first, None
        while True:
            if data is None:
                data = self._read(self._config.read_timeout_s)
            yield SourceFrame(PixelPicture(np.frombuffer(data, np.uint8).reshape(shape)), media_s=None)
            data = None

    def close(self) -> None:
        """End the process, by force if it hangs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener is not None:
            self._listener.join(END_S)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _read(self, timeout_s: float) -> bytearray:
        """Return the bytes of one frame."""
        assert self._process is not None
        assert self._process.stdout is not None
        pipe = self._process.stdout
        data = bytearray(self._config.width * self._config.height * 3)
        rest = memoryview(data)
        end_s = time.monotonic() + timeout_s
        while rest:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end_s - time.monotonic()))
            if not ready:
                raise SourceError(f"no frame within {timeout_s:g} s{self._why()}")
            count = pipe.readinto(rest)  # type: ignore[attr-defined]
            if not count:
                raise SourceError(f"the pipeline ended{self._why(wait=True)}")
            rest = rest[count:]
        return data

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Drain what it says, or it would stop when the pipe is full."""
        assert process.stderr is not None
        for line in process.stderr:
            text = line.decode(errors="replace").strip()
            if text:
                self._said.append(text[:300])

    def _why(self, *, wait: bool = False) -> str:
        if wait and self._listener is not None:
            self._listener.join(END_S)
        lines = list(self._said)
        telling = [line for line in lines if "ERROR" in line or "erroneous" in line] or lines[-1:]
        return f": {self._without_password(telling[0])}" if telling else ""

    def _without_password(self, said: str) -> str:
        if self._config.url is not None:
            url = self._config.url.get_secret_value()
            said = said.replace(url, redact_url(url))
        return redact(said)
