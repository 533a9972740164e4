"""``python -m hackai_shared.security.token_file PATH``: makes the service token of an installation where it is missing.

For containers, which share it as a file in a volume: ``HACKAI_SERVICE_TOKEN_FILE`` names it to every service.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hackai_shared.security.service_token import new_service_token


def keep_token_file(path: Path) -> bool:
    """Make the file, readable by its owner and group alone; return False where it is there already.

    Raises:
        OSError: the folder cannot be written.
    """
    if path.exists():
        return False
    # Complete or absent: a service that starts meanwhile never reads half a token.
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o440)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_service_token() + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    return True


if __name__ == "__main__":
    keep_token_file(Path(sys.argv[1]))
