"""Prometheus metrics: one registry per service process, one naming scheme (``hackai_<service>_<what>_<unit>``)."""

from __future__ import annotations

from typing import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

# From a cheap JPEG decode to an alarm that waited for a network: 1 ms to 60 s.
LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Makes the metrics of one service in its own registry, so that two services can live in one test process."""

    def __init__(self, service: str) -> None:
        self._prefix = f"hackai_{service}_"
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Counter:
        """Return a new counter."""
        return Counter(self._prefix + name, help, labels, registry=self.registry)

    def gauge(self, name: str, help: str, labels: Sequence[str] = ()) -> Gauge:
        """Return a new gauge."""
        return Gauge(self._prefix + name, help, labels, registry=self.registry)

    def seconds(self, name: str, help: str, labels: Sequence[str] = ()) -> Histogram:
        """Return a new histogram of durations in seconds."""
        return Histogram(self._prefix + name, help, labels, buckets=LATENCY_BUCKETS, registry=self.registry)
