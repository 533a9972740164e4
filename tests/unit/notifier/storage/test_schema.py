"""A volume of an earlier version opens, and nothing in it is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hackai_notifier.people.chat_sessions import ChatSession, load_all
from hackai_notifier.storage.database import Database
from hackai_notifier.storage.schema import MIGRATIONS
from hackai_shared.security.roles import Role

STORED = sorted((Path(__file__).parent / "stored").glob("schema_*.sql"))


@pytest.mark.parametrize("stored", STORED, ids=lambda path: path.stem)
async def test_a_stored_file_of_an_earlier_version_opens_with_all_that_was_in_it(stored: Path, tmp_path: Path) -> None:
    path = tmp_path / "notifier.sqlite3"
    earlier = sqlite3.connect(path)
    earlier.executescript(stored.read_text())
    version = earlier.execute("PRAGMA user_version").fetchone()[0]
    earlier.close()
    assert 0 < version < len(MIGRATIONS)

    database = Database(path, MIGRATIONS)
    await database.open()

    def look(connection: sqlite3.Connection) -> tuple[object, ...]:
        return (
            connection.execute("PRAGMA user_version").fetchone()[0],
            connection.execute("SELECT step, state FROM steps").fetchone()["step"],
            bytes(connection.execute("SELECT data FROM media").fetchone()["data"]),
            connection.execute("SELECT stream FROM outgoing").fetchone()["stream"],
            [row[0] for row in connection.execute("PRAGMA integrity_check")],
        )

    assert await database.run(look) == (len(MIGRATIONS), "text", b"\xff\xd8", "deliveries", ["ok"])
    await database.close()


def test_there_is_a_stored_file() -> None:
    assert STORED


async def test_sessions_whose_roles_were_numbers_keep_their_roles(tmp_path: Path) -> None:
    path = tmp_path / "notifier.sqlite3"
    before = Database(path, MIGRATIONS[: _number("Roles by name")])
    await before.open()
    stored = ChatSession(
        chat_id=7, person_id="ada", name="Ada", role=Role.OPERATOR, jti="j", token="t", authenticated_at=0, expires_at=1
    )

    def keep(connection: sqlite3.Connection) -> None:
        document = stored.model_dump_json().replace('"operator"', "2")
        connection.execute("INSERT INTO chat_sessions VALUES (7, ?)", (document,))

    await before.run(keep)
    await before.close()

    after = Database(path, MIGRATIONS)
    await after.open()
    assert await after.run(load_all) == [stored]
    await after.close()


def _number(words: str) -> int:
    """The number of the migration that says so."""
    return next(number for number, script in enumerate(MIGRATIONS) if words in script)
