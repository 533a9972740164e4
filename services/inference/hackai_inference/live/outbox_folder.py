"""Alarms that Redis does not take, on disk: a restart or a crash during an outage loses none of them."""

from __future__ import annotations

import base64
import binascii
import json
import os
from itertools import count
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import structlog
from pydantic import ValidationError

from hackai_inference.decision.incidents import OpenIncident
from hackai_shared.messages import IncidentEvent

log = structlog.get_logger(__name__)

SUFFIX = ".alarm.json"


class StoredAlarm(NamedTuple):
    """One event with its pictures, and the open incident of its camera afterwards."""

    event: IncidentEvent
    open_incident: Optional[OpenIncident]
    attachments: Dict[str, bytes]
    path: Path


class OutboxFolder:
    """One file per event, named so that their order is that of the events.

    A disk that cannot be written costs nothing but this safety: the events wait in memory all the same.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def load(self) -> List[StoredAlarm]:
        """Return what an earlier process left, oldest first; what cannot be read is named and set aside."""
        try:
            paths = sorted(self._folder.glob("*" + SUFFIX))
        except OSError as error:
            log.error("kept alarms cannot be read", folder=str(self._folder), error=str(error))
            return []
        found = []
        for path in paths:
            try:
                found.append(_read(path))
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.error("a kept alarm cannot be read and is set aside", file=str(path), error=str(error)[:300])
                _set_aside(path)
        if paths:
            self._numbers = count(_number(paths[-1]) + 1)
        return found

    def keep(
        self, event: IncidentEvent, open_incident: Optional[OpenIncident], attachments: Dict[str, bytes]
    ) -> Optional[Path]:
        """Write an event; return its file, None where the disk does not take it."""
        document = {
            "event": event.model_dump_json(),
            "open_incident": None if open_incident is None else open_incident.model_dump_json(),
            "attachments": {name: base64.b64encode(data).decode() for name, data in attachments.items()},
        }
        path = self._folder / f"{next(self._numbers):012}{SUFFIX}"
        partial = path.with_suffix(".partial")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            log.error("an alarm waits in memory only, the disk does not take it", error=str(error))
            return None
        return path

    def forget(self, path: Path) -> None:
        """Delete the file of an event that has arrived."""
        try:
            path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:  # it is sent again after a restart, and dropped by its id
            log.warning("a kept alarm cannot be deleted", file=str(path), error=str(error))


def _read(path: Path) -> StoredAlarm:
    """Return the alarm in a file.

    Raises:
        OSError, ValueError, KeyError, TypeError: it cannot be read, or holds something else.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    opened = document["open_incident"]
    try:
        pictures = {name: base64.b64decode(data, validate=True) for name, data in document["attachments"].items()}
        event = IncidentEvent.model_validate_json(document["event"])
        incident = None if opened is None else OpenIncident.model_validate_json(opened)
    except (ValidationError, binascii.Error, AttributeError) as error:
        raise ValueError(str(error)) from error
    return StoredAlarm(event, incident, pictures, path)


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(".damaged"))
    except OSError as error:
        log.warning("a damaged file stays", file=str(path), error=str(error))


def _number(path: Path) -> int:
    digits = path.name[: -len(SUFFIX)]
    return int(digits) if digits.isdigit() else 0
