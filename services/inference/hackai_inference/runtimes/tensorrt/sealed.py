"""Files that only this installation can have written: sealed with an HMAC-SHA256 under a key that never leaves it.

A plan is executable content: TensorRT runs what is in it. So a plan that somebody put into the volume, one that was
built for another key, and one that a power cut left half written must all look the same: as if it were not there.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Optional

import structlog

log = structlog.get_logger(__name__)

MAGIC = b"HACKAI-SEALED-1\n"
KEY_BYTES = 32
TAG_BYTES = 32
#: More than the plan of any network that fits an 8 GB board.
MAX_BYTES = 2 * 2**30


class SealError(ValueError):
    """The key of this installation cannot be used; the message says what to do."""


class SealedFolder:
    """A private folder of sealed files; the key lies beside the folder, not in it."""

    def __init__(self, folder: Path, key_file: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = _read_or_make_key(key_file)

    def read(self, name: str, subject: bytes) -> Optional[bytes]:
        """Return what was sealed under a name for a subject; None if it is missing, of another subject, or not ours."""
        path = self._folder / name
        try:
            content = _read_regular(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("sealed file cannot be read", file=name, error=str(error))
            return None
        head = len(MAGIC) + TAG_BYTES
        tag, payload = content[len(MAGIC) : head], content[head:]
        if not content.startswith(MAGIC) or not hmac.compare_digest(tag, self._tag(name, subject, payload)):
            log.warning("sealed file is not ours, damaged, or of something else; it is ignored", file=name)
            return None
        return payload

    def write(self, name: str, subject: bytes, payload: bytes) -> None:
        """Seal and write a file, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for part in (MAGIC, self._tag(name, subject, payload), payload):
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / name)
        finally:
            if draft.exists():
                draft.unlink()

    def _tag(self, name: str, subject: bytes, payload: bytes) -> bytes:
        mac = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in (name.encode(), subject):
            mac.update(len(part).to_bytes(8, "big"))  # so that no two of them can be cut differently
            mac.update(part)
        mac.update(payload)
        return mac.digest()


def _read_regular(path: Path) -> bytes:
    """Return the content of a regular file, never through a symbolic link."""
    descriptor = os.open(str(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            raise OSError(f"{path}: not a regular file of at most {MAX_BYTES} bytes")
        return file.read()


def _read_or_make_key(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return _existing_key(path)
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def _existing_key(path: Path) -> bytes:
    try:
        key = _read_regular(path)
    except OSError as error:
        raise SealError(f"{path}: {error.strerror or error}") from error
    if path.stat().st_mode & 0o077:
        raise SealError(f"{path}: others may read it; chmod 600 it, or delete it: plans are then built anew")
    if len(key) != KEY_BYTES:
        raise SealError(f"{path}: not a key of {KEY_BYTES} bytes; delete it: plans are then built anew")
    return key
