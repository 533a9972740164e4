"""What people call a recipient: never a bare number where a name is known."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from hackai_notifier.people.recipients import Recipient


class Naming:
    """Names of recipients: as configured, else as Telegram calls the chat, else by its id."""

    def __init__(self, configured: Mapping[int, str]) -> None:
        self._configured = {str(chat_id): name for chat_id, name in configured.items()}

    def of(self, connection: sqlite3.Connection, recipient: Recipient) -> str:
        """Return the name of a recipient."""
        if recipient.channel != "telegram":
            return recipient.address if recipient.channel == "webhook" else recipient.channel
        configured = self._configured.get(recipient.address.partition("/")[0])
        if configured is not None:
            return configured
        # The receipt of a delivered message says what Telegram calls the chat.
        row = connection.execute(
            """
            SELECT detail FROM steps WHERE channel = 'telegram' AND address = ? AND state = 'delivered' AND detail != ''
            ORDER BY id DESC LIMIT 1
            """,
            (recipient.address,),
        ).fetchone()
        return f"chat {recipient.address}" if row is None else str(row["detail"])

    def listed(self, connection: sqlite3.Connection, recipients: Sequence[Recipient]) -> str:
        """Return the names of several recipients."""
        return ", ".join(dict.fromkeys(self.of(connection, recipient) for recipient in recipients))
