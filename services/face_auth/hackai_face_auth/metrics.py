"""What the face service counts."""

from __future__ import annotations

from hackai_shared.metrics import Metrics


class FaceMetrics:
    """Prometheus metrics; labels never carry names or ids of people."""

    def __init__(self, metrics: Metrics) -> None:
        self.logins = metrics.counter("logins", "Logins by outcome", ["outcome"])
        self.enrolments = metrics.counter("enrolments", "Enrolments by outcome", ["outcome"])
        self.login_seconds = metrics.seconds("login_seconds", "Time of one login, decoding included")
