"""Possession comes first: the chats and browsers that may ask for a challenge of a face. Nobody else gets one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from hackai_face_auth.errors import DeviceUnknown
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database

# How long a browser stays paired, and how many devices are kept: a code that leaked must not fill the disk.
BROWSER_S = 180 * 86_400.0
MAX_DEVICES = 1_000
How = Literal["listed", "invited", "paired"]


@dataclass(frozen=True)
class Device:
    """A chat (``telegram:42``) or a browser (``dashboard:…``); times are seconds since the epoch.

    ``person_id`` is whose it is: a chat belongs to one person, a browser ends with the person who paired it. Empty
    until that is known.
    """

    client: str
    how: How
    vouched_by: str
    person_id: str
    label: str
    created_at: float
    expires_at: float


class DeviceBook:
    """Who holds what. Chats are proven by their messenger, browsers by a secret of which only a digest is kept."""

    def __init__(
        self, database: Database, cipher: GalleryCipher, listed: Collection[str], *, now: Callable[[], float]
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._listed = frozenset(listed)
        self._now = now

    def prove(self, client: str, secret: str = "") -> Device:
        """Return the device that a client holds.

        Raises:
            DeviceUnknown: not listed, invited or paired; or the secret is not that of the browser.
            GalleryTampered: somebody without the key changed the row.
        """
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM devices WHERE client = ?", (client,)).fetchone()
        device = None if row is None else self._device(row)
        if device is not None and device.expires_at > self._now() and _opens(row, secret):
            return device
        if client in self._listed and row is None:
            return Device(client, "listed", "configuration", "", "", 0.0, float("inf"))
        raise DeviceUnknown("this chat or browser was not invited, listed or paired; ask an administrator for a code")

    def admit_chat(self, client: str, *, vouched_by: str, person_id: str = "") -> Device:
        """Keep a chat that was invited."""
        device = Device(client, "invited", vouched_by, person_id, "", self._now(), float("inf"))
        self._keep(device, b"")
        return device

    def pair_browser(self, *, vouched_by: str, person_id: str, label: str) -> tuple[Device, str]:
        """Return a new browser and its secret, which is not kept."""
        client, secret = f"dashboard:{secrets.token_hex(12)}", secrets.token_urlsafe(32)
        now = self._now()
        device = Device(client, "paired", vouched_by, person_id, label, now, now + BROWSER_S)
        self._keep(device, _digest(secret))
        return device, secret

    def bind(self, device: Device, person_id: str) -> None:
        """Note whose a device is, at the first login from it."""
        if device.person_id:
            return
        with self._database.transaction() as connection:
            row = connection.execute("SELECT digest FROM devices WHERE client = ?", (device.client,)).fetchone()
            if row is None and device.how != "listed":
                return  # revoked meanwhile
            bound = Device(
                device.client, device.how, device.vouched_by, person_id, device.label, device.created_at,
                device.expires_at,
            )  # fmt: skip
            self._keep(bound, b"" if row is None else bytes(row["digest"]))

    def known(self) -> list[Device]:
        """Return all devices that were invited, paired or used, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM devices ORDER BY created_at DESC, client").fetchall()
        return [self._device(row) for row in rows]

    def remove(self, *, client: str | None = None, person_id: str | None = None) -> list[Device]:
        """Forget one device, or all of a person and those that the person paired; return them."""
        with self._database.transaction() as connection:
            gone = [
                device
                for device in self.known()
                if device.client == client or (person_id and person_id in (device.person_id, device.vouched_by))
            ]
            connection.executemany("DELETE FROM devices WHERE client = ?", [(device.client,) for device in gone])
        return gone

    def _keep(self, device: Device, digest: bytes) -> None:
        seal = self._cipher.seal(*_fields(device, digest))
        expires = None if device.expires_at == float("inf") else device.expires_at
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM devices WHERE expires_at < ?", (self._now(),))
            connection.execute(
                "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (device.client, device.how, device.vouched_by, device.person_id, device.label, device.created_at,
                 expires, digest, seal),
            )  # fmt: skip
            connection.execute(
                "DELETE FROM devices WHERE client IN"
                " (SELECT client FROM devices ORDER BY created_at DESC LIMIT -1 OFFSET ?)",
                (MAX_DEVICES,),
            )

    def _device(self, row: sqlite3.Row) -> Device:
        expires = float("inf") if row["expires_at"] is None else row["expires_at"]
        device = Device(
            row["client"], row["how"], row["vouched_by"], row["person_id"], row["label"], row["created_at"], expires
        )
        self._cipher.check_seal(row["seal"], *_fields(device, bytes(row["digest"])))
        return device


def _fields(device: Device, digest: bytes) -> tuple[str, ...]:
    return (
        "device", device.client, device.how, device.vouched_by, device.person_id, device.label,
        repr(device.created_at), repr(device.expires_at), digest.hex(),
    )  # fmt: skip


def _opens(row: sqlite3.Row, secret: str) -> bool:
    """Return whether a secret is the one of a row; a chat has none, its messenger proved it."""
    digest = bytes(row["digest"])
    return not digest or hmac.compare_digest(digest, _digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(b"hackai device: " + secret.encode("utf-8", "replace")).digest()
