"""The secret by which the services of one machine know each other, kept for whoever may read the data folder."""

from __future__ import annotations

import os
from pathlib import Path

from hackai_shared.security import new_service_token

FILE = "service.token"


def kept_service_token(data: Path) -> str:
    """Return the configured token (HACKAI_SERVICE_TOKEN), else the one in ``<data>/service.token``, made where missing.

    The file is readable by its owner alone: ``curl -H "Authorization: Bearer $(cat data/service.token)" …``.

    Raises:
        OSError: the file cannot be read or written.
    """
    configured = os.environ.get("HACKAI_SERVICE_TOKEN")
    if configured:
        return configured
    path = data / FILE
    data.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    token = new_service_token()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token
