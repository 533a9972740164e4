"""Where pictures come from: one module per kind of source behind one protocol."""

from __future__ import annotations

from hackai_camera.sources.base import FrameSource, OnBad
from hackai_camera.sources.gstreamer import Gstreamer, describe
from hackai_camera.sources.images import ImageFolder
from hackai_camera.sources.pattern import Pattern
from hackai_camera.sources.pyav import Video, scheme_of
from hackai_camera.sources.snapshot import Snapshot
from hackai_camera.sources.web_video import WebVideo
from hackai_shared.config.cameras import CameraConfig, GstreamerSource, ImagesSource, PatternSource, SnapshotSource
from hackai_shared.redaction import redact_url


def make_source(config: CameraConfig, on_bad: OnBad) -> FrameSource:
    """Return the source that a camera's configuration describes, not yet opened."""
    source = config.source
    if isinstance(source, ImagesSource):
        return ImageFolder(source, on_bad)
    if isinstance(source, PatternSource):
        return Pattern(source)
    if isinstance(source, GstreamerSource):
        return Gstreamer(source)
    if isinstance(source, SnapshotSource):
        return Snapshot(source, on_bad)
    return (WebVideo if scheme_of(source.url.get_secret_value()) in ("http", "https") else Video)(source, on_bad)


def describe_source(config: CameraConfig) -> str:
    """Return what people may read about a source: never credentials."""
    source = config.source
    if isinstance(source, ImagesSource):
        return f"images {source.folder}"
    if isinstance(source, PatternSource):
        return f"pattern {source.pattern}"
    if isinstance(source, GstreamerSource):
        return describe(source)
    shown = redact_url(source.url.get_secret_value())
    return f"snapshot {shown}" if isinstance(source, SnapshotSource) else shown
