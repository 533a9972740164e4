"""Who may do what on the bus: one user per service, with the commands, keys and channels that it needs and no more.

``python -m hackai_shared.bus.acl FOLDER`` makes the passwords of an installation where they are missing: the server
gets ``users.acl`` (hashes alone), each service a file with its own password. Nobody has SHUTDOWN, CONFIG, DEBUG,
FLUSHALL and the like but the keeper of the server itself.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from pathlib import Path
from typing import Dict, List, Mapping, Tuple

from typing_extensions import Literal

from hackai_shared.bus import names

Right = Literal["R", "W", "RW"]

# What any of them needs to connect, to be subscribed, and to be asked whether it is there.
_BASE = "+ping +hello +auth +select +client|setname +client|setinfo +client|getname +client|id +command +reset +quit"
_READ = "+get +mget +scan +exists +type +ttl +pttl +zrangebyscore +xrange +xrevrange +xlen +xinfo|stream +xinfo|groups"
_PUBSUB = "+subscribe +psubscribe +unsubscribe +punsubscribe"
_GROUP = "+xreadgroup +xack +xautoclaim +xgroup|create +xpending +xadd"
_KEYS = "+set +del +expire +pexpire"

_REVOKED = "auth:revoked"


def _user(
    commands: List[str], keys: Mapping[str, Right], publishes: Tuple[str, ...] = (), listens: Tuple[str, ...] = ()
) -> str:
    patterns = [f"%{right}~{pattern}" for pattern, right in keys.items()]
    channels = [f"&{channel}" for channel in (*publishes, *listens)]
    return " ".join(["resetchannels", *patterns, *channels, "-@all", _BASE, *commands])


def _beats(service: str) -> Dict[str, Right]:
    return {f"status:{service}:*": "RW", _REVOKED: "R"}


# Redis does not tell publishing from subscribing to a channel; what only listens has no PUBLISH at all where it can.
RULES: Dict[str, str] = {
    # Publishes frames, its state and camera faults; obeys orders for its cameras.
    "camera": _user(
        [_READ, _GROUP, _KEYS, "+publish", _PUBSUB],
        {
            **_beats("camera"),
            "status:*": "R",
            names.INCIDENTS: "RW",
            names.COMMANDS: "RW",
            f"{names.COMMANDS}.dead.camera": "RW",
            "camera:*": "RW",
            names.CAMERA_LEASES: "R",
            names.INFERENCE_REPLICAS: "R",
            names.open_incident_key("*"): "R",
        },
        publishes=("frames.*", "status.camera", names.INCIDENTS_LIVE),
        listens=("detections.*",),
    ),
    # Reads frames, publishes what it saw, raises incidents.
    "inference": _user(
        [
            _READ,
            "+xadd",
            _KEYS,
            "+publish",
            _PUBSUB,
            "+hget +hgetall +hset +hsetnx +hdel +zadd +zrem +zremrangebyscore",
            "+zrange +zcard +zscore +eval +evalsha +script|load +multi +exec +watch +unwatch +discard",
        ],
        {
            **_beats("inference"),
            "status:*": "R",
            names.INCIDENTS: "RW",
            "inference:*": "RW",
            "incident:open:*": "RW",
        },
        publishes=("detections.*", "status.inference", names.INCIDENTS_LIVE),
        listens=("frames.*",),
    ),
    # Takes incidents, gives orders, keeps the audit trail and the proof of delivery; sees no frame.
    "notifier": _user(
        [_READ, _GROUP, _KEYS, "+publish", _PUBSUB, "+hget +hgetall +zrange +zcard"],
        {
            **_beats("notifier"),
            "status:*": "R",
            names.INCIDENTS: "RW",
            f"{names.INCIDENTS}.dead.notifier": "RW",
            names.COMMANDS: "RW",
            f"{names.COMMANDS}.dead.notifier": "RW",
            names.AUDIT: "RW",
            names.DELIVERIES: "RW",
            "inference:*": "R",
            names.DOCTOR: "R",
        },
        publishes=("status.notifier",),
        listens=("frames.*", "detections.*", "status.*"),
    ),
    # Ends sessions and writes the audit trail.
    "face_auth": _user(
        [_READ, "+set +xadd +publish +zadd +zremrangebyscore"],
        {**_beats("face_auth"), _REVOKED: "RW", names.AUDIT: "RW"},
        publishes=("status.face_auth",),
    ),
    # Looks: it reads what is live, and nothing that it writes is an incident or an order.
    "dashboard": _user(
        [_READ, "+set +publish", _PUBSUB],
        {
            **_beats("dashboard"),
            "status:*": "R",
            names.INCIDENTS: "R",
            names.AUDIT: "R",
            names.DELIVERIES: "R",
            names.DOCTOR: "R",
            "inference:*": "R",
        },
        publishes=("status.dashboard",),
        listens=("frames.*", "detections.*", "status.*", names.INCIDENTS_LIVE),
    ),
    # The queue of jobs is RQ's own: its keys, all commands on them, nothing of the watch.
    "compression": _user(
        ["+@all", "-@admin", "-@dangerous", "+info", "+client|list", "+sort"],
        {**_beats("compression"), "rq:*": "RW", "compression:*": "RW", "status:compression*": "RW"},
        publishes=("status.compression", "rq:*"),
    ),
    # Keeps the server alive: it may look at it and take its log off a full disk. It sees no key but its own.
    "keeper": _user(
        ["+info", "+config|get +config|set", "+set +get +publish"],
        {"status:keeper:*": "RW", "health:*": "RW", "redis:disk-probe": "RW"},
        publishes=("status.keeper",),
    ),
    # The health check of the container: one write.
    "health": _user(["+set"], {"health:*": "RW"}),
}


def acl_file(passwords: Mapping[str, str]) -> str:
    """Return the server's ACL file; it holds hashes alone, and the default user is off."""
    lines = ["user default off -@all"]
    for user in sorted(RULES):
        digest = hashlib.sha256(passwords[user].encode()).hexdigest()
        lines.append(f"user {user} on #{digest} {RULES[user]}")
    return "\n".join(lines) + "\n"


def keep_passwords(folder: Path) -> None:
    """Make ``<folder>/<user>/redis.password`` and ``<folder>/server/users.acl`` where something is missing.

    Raises:
        OSError: the folder cannot be written.
    """
    passwords = {user: _kept(folder / user / "redis.password") for user in RULES}
    _write(folder / "server" / "users.acl", acl_file(passwords))


def _kept(path: Path) -> str:
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    password = secrets.token_urlsafe(32)
    _write(path, password + "\n")
    return password


def _write(path: Path, text: str) -> None:
    """Write a file completely or not at all, readable by its owner and its group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    handle = os.open(str(unfinished), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o440)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        os.fchmod(handle, 0o440)
        file.write(text)
        file.flush()
        os.fsync(handle)
    unfinished.replace(path)


if __name__ == "__main__":
    keep_passwords(Path(sys.argv[1]))
