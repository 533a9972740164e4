import sqlite3
from pathlib import Path

import pytest

from hackai_notifier.storage.database import Database

TABLE = ("CREATE TABLE t (x INTEGER);",)


def insert(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO t VALUES (1)")


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


async def test_work_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite3", TABLE)
    await database.open()

    def half(connection: sqlite3.Connection) -> None:
        insert(connection)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await database.run(half)

    assert await database.run(count) == 0
    await database.close()


async def test_migrations_are_applied_once_and_in_order(tmp_path: Path) -> None:
    first = Database(tmp_path / "x.sqlite3", TABLE)
    await first.open()
    await first.run(insert)
    await first.close()
    second = Database(tmp_path / "x.sqlite3", (*TABLE, "ALTER TABLE t ADD COLUMN y INTEGER DEFAULT 7;"))
    await second.open()

    assert await second.run(lambda connection: connection.execute("SELECT y FROM t").fetchone()[0]) == 7
    await second.close()
    with pytest.raises(sqlite3.OperationalError, match="newer than this program"):
        await first_again(tmp_path)


async def first_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite3", TABLE)
    try:
        await database.open()
    finally:
        await database.close()


async def test_what_was_committed_is_durable(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite3", TABLE)
    await database.open()

    assert await database.run(lambda connection: connection.execute("PRAGMA synchronous").fetchone()[0]) == 2
    assert await database.run(lambda connection: connection.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"
    await database.close()


async def test_a_full_disk_is_seen_by_the_check_and_passes(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite3", TABLE, max_pages=4)
    await database.open()
    assert database.check().ok

    with pytest.raises(sqlite3.OperationalError, match="full"):
        await database.run(lambda connection: connection.execute("INSERT INTO t VALUES (zeroblob(100000))") and None)

    assert not database.check().ok
    await database.run(insert)
    assert database.check().ok
    await database.close()


async def test_a_disk_without_room_for_an_alarm_is_told_although_small_changes_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(tmp_path / "x.sqlite3", TABLE)
    await database.open()
    assert database.check().ok

    monkeypatch.setattr("hackai_notifier.storage.database.ROOM_BYTES", 1 << 60)

    result = database.check()
    assert not result.ok
    assert "disk is full" in result.detail
    await database.close()
