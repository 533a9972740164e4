"""What a camera learned as bytes, and back: it outlives restarts. Pure."""

from __future__ import annotations

import io
import json
import math
import zipfile
from datetime import datetime
from typing import Any, Dict

import numpy as np

from hackai_inference.decision.learned_quiet import HIGHEST, MOST_INCIDENTS, MOST_LESSONS, LearnedQuiet, Lesson, Seen
from hackai_inference.decision.places import PLACES

VERSION = 1
# What is unpacked is checked before it is believed: an archive cannot ask for more than this.
MOST_BYTES = 1_000_000


class DamagedArchive(ValueError):
    """The bytes are no archive of this version, or say what cannot be."""


def pack(quiet: LearnedQuiet) -> bytes:
    """Return what was learned as one ``.npz``."""
    facts = {
        "version": VERSION,
        "aged_at": None if quiet.aged_at is None else quiet.aged_at.isoformat(),
        "moved_by": quiet.moved_by,
        "lessons": [
            {"incident_id": one.incident_id, "at": one.at.isoformat(), "extent": one.extent} for one in quiet.lessons
        ],
        "incidents": [{"incident_id": name, "extent": seen.extent} for name, seen in quiet.incidents.items()],
    }
    data = io.BytesIO()
    np.savez_compressed(
        data,
        minutes=quiet.minutes.astype(np.float32),
        lessons=_rows([one.raised for one in quiet.lessons]),
        incidents=_rows([seen.excess for seen in quiet.incidents.values()]),
        facts=np.frombuffer(json.dumps(facts).encode(), np.uint8),
    )
    return data.getvalue()


def unpack(data: bytes) -> LearnedQuiet:
    """Return what :func:`pack` kept.

    Raises:
        DamagedArchive: nothing of it can be believed.
    """
    try:
        if len(data) > MOST_BYTES:
            raise ValueError(f"{len(data)} bytes")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return _unpacked(arrays, json.loads(arrays["facts"].tobytes()))
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DamagedArchive(f"not what a camera learned: {error}") from error


def _unpacked(arrays: Any, facts: Dict[str, Any]) -> LearnedQuiet:
    if facts["version"] != VERSION:
        raise ValueError(f"version {facts['version']}")
    quiet = LearnedQuiet()
    minutes, lessons, incidents = arrays["minutes"], arrays["lessons"], arrays["incidents"]
    if minutes.shape != quiet.minutes.shape or not np.isfinite(minutes).all() or (minutes < 0).any():
        raise ValueError("minutes of another shape, or impossible ones")
    for rows, named, most in (
        (lessons, facts["lessons"], MOST_LESSONS),
        (incidents, facts["incidents"], MOST_INCIDENTS),
    ):
        if rows.shape != (len(named), PLACES) or len(named) > most or not np.isfinite(rows).all():
            raise ValueError("incidents of another shape")
    quiet.minutes = minutes.astype(np.float32)
    quiet.aged_at = None if facts["aged_at"] is None else _time(facts["aged_at"])
    quiet.moved_by = str(facts["moved_by"])
    quiet.lessons = [
        Lesson(
            str(one["incident_id"]),
            np.clip(raised.astype(np.float64), 0.0, HIGHEST),
            _extent(one["extent"]),
            _time(one["at"]),
        )
        for one, raised in zip(facts["lessons"], lessons)
    ]
    quiet.incidents = {
        str(one["incident_id"]): Seen(excess.astype(np.float64), _extent(one["extent"]))
        for one, excess in zip(facts["incidents"], incidents)
    }
    return quiet


def _extent(value: Any) -> float:
    extent = float(value)
    if not math.isfinite(extent) or extent < 0.0:
        raise ValueError(f"an extent of {value}")
    return extent


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at


def _rows(rows: Any) -> "np.ndarray[Any, Any]":
    return np.array(rows, np.float32).reshape(-1, PLACES)
