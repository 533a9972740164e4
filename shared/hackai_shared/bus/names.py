"""The names of channels, streams and keys; the only place that spells them."""

from __future__ import annotations

from typing import Dict

INCIDENTS = "incidents"
COMMANDS = "commands"
AUDIT = "audit"
DELIVERIES = "deliveries"

# Entries kept per stream. An incident entry holds two JPEGs (about 200 KB), so that 500 of them stay near 100 MB; the
# others are small.
STREAM_LENGTH: Dict[str, int] = {INCIDENTS: 500, COMMANDS: 10_000, AUDIT: 100_000, DELIVERIES: 2_000}

INCIDENTS_LIVE = "incidents.live"
ALL_FRAMES = "frames.*"
ALL_DETECTIONS = "detections.*"
ALL_STATUS = "status.*"

# Which inference replica watches which camera (hash), and the replicas that are alive (sorted set).
CAMERA_LEASES = "inference:leases"
INFERENCE_REPLICAS = "inference:replicas"


def frames(camera_id: str) -> str:
    """Return the pub/sub channel of a camera's frames."""
    return f"frames.{camera_id}"


def detections(camera_id: str) -> str:
    """Return the pub/sub channel of a camera's detections."""
    return f"detections.{camera_id}"


def status(service: str) -> str:
    """Return the pub/sub channel of a service's heartbeats."""
    return f"status.{service}"


def status_key(service: str, instance: str) -> str:
    """Return the key that holds the last heartbeat of an instance until it expires."""
    return f"status:{service}:{instance}"


def open_incident_key(camera_id: str) -> str:
    """Return the key that lets a restarted inference service continue a camera's open incident."""
    return f"incident:open:{camera_id}"


def camera_fault_key(camera_id: str) -> str:
    """Return the key that lets a restarted camera service continue a camera's open fault."""
    return f"camera:fault:{camera_id}"


def camera_views_key(camera_id: str) -> str:
    """Return the key that holds what a camera normally sees: outlines and contrasts, not a picture."""
    return f"camera:views:{camera_id}"


def learned_quiet_key(camera_id: str) -> str:
    """Return the key that holds what a camera learned from its harmless footage."""
    return f"camera:quiet:{camera_id}"


def learned_quiet_aside_key(camera_id: str) -> str:
    """Return the key to which damaged bytes of :func:`learned_quiet_key` are moved."""
    return f"camera:quiet-damaged:{camera_id}"


DOCTOR = "doctor:report"
"""The key that holds what the doctor found last, until it is too old to be believed."""


def dead_letters(stream: str, group: str) -> str:
    """Return the stream that holds what a group could not process."""
    return f"{stream}.dead.{group}"
