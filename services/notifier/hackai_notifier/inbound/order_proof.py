"""Who gave an order that came over the bus: whoever can write there is nobody yet.

An order carries the signed session token of a person, or the signature of this very notifier, under which it published
what was ordered through its bot and its HTTP interface.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from hackai_shared.messages import Actor, Command, utc_now
from hackai_shared.security import Role, SessionClaims, TokenInvalid

OWN = "notifier:"
# An order is about now; what was recorded and comes again later is no order.
MAX_AGE = timedelta(minutes=5)
CLOCKS_APART = timedelta(seconds=30)
FRESH_FACE_S = 300.0
NEEDED = Role.OPERATOR

ClaimsOf = Callable[[str], Awaitable[SessionClaims]]


class OrderRefused(Exception):
    """An order that nobody proved to have given, or that its giver may not give; the message says why."""


class OrderProof:
    """Signs the orders of this notifier, and verifies those of the bus."""

    def __init__(self, key: bytes, claims_of: ClaimsOf, *, now: Callable[[], datetime] = utc_now) -> None:
        self._key = key
        self._claims_of = claims_of
        self._now = now

    def sign(self, command: Command) -> Command:
        """Return an order that was given to this notifier with its signature, for the bus."""
        return command.model_copy(update={"authorization": OWN + self._signature(command)})

    async def verify(self, command: Command) -> Command:
        """Return an order with the giver that its token proves, whatever it says of itself.

        Raises:
            OrderRefused: the signature, the role, the age, the audience or the face does not hold.
        """
        given = command.authorization
        if not given:
            raise OrderRefused("it carries no signed token")
        if given.startswith(OWN):
            if not hmac.compare_digest(given, OWN + self._signature(command)):
                raise OrderRefused("its signature does not hold")
            return command
        try:
            claims = await self._claims_of(given)
        except TokenInvalid as error:
            raise OrderRefused(str(error)) from error
        self._check(command, claims)
        proven = Actor(channel=command.actor.channel, id=claims.sub, name=claims.name, proof=f"session:{claims.jti}")
        # The token goes no further: what is published and kept carries our signature.
        return self.sign(command.model_copy(update={"actor": proven}))

    def _check(self, command: Command, claims: SessionClaims) -> None:
        now = self._now()
        if not -CLOCKS_APART <= now - command.at <= MAX_AGE:
            raise OrderRefused("it is not of now")
        if not claims.role.covers(NEEDED):
            raise OrderRefused(f"{claims.name} has the role {claims.role.value}, {NEEDED.value} is needed")
        face_age_s = now.timestamp() - claims.auth_time
        if command.action == "disarm" and not (claims.live and -5.0 <= face_age_s <= FRESH_FACE_S):
            raise OrderRefused("disarming needs a live face that was seen within the last five minutes")

    def _signature(self, command: Command) -> str:
        unsigned = command.model_copy(update={"authorization": ""})
        return hmac.new(self._key, unsigned.model_dump_json().encode(), hashlib.sha256).hexdigest()


def kept_key(folder: Path) -> bytes:
    """Return the key of this notifier's signatures, made where it is missing: orders outlive a restart.

    Raises:
        OSError: the folder cannot be read or written.
    """
    path = folder / "orders.key"
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) >= 32:
            return key
        path.unlink()  # cut off by a crash or a full disk
        return kept_key(folder)
    key = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
    return key
