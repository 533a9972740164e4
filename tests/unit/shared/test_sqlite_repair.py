"""What can be saved of a damaged SQLite file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from hackai_shared.sqlite_repair import is_damage, salvage, set_aside

SCHEMA = """
CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE rows (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id), data BLOB);
"""


def database(path: Path, rows: int = 0) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(SCHEMA)
    connection.execute("BEGIN")
    for number in range(rows):
        connection.execute("INSERT INTO parents VALUES (?, ?)", (number, f"p{number}"))
        connection.execute("INSERT INTO rows VALUES (?, ?, ?)", (number, number, os.urandom(1000)))
    connection.execute("COMMIT")
    return connection


def test_rows_before_and_behind_the_damage_are_saved_and_none_is_without_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    database(path, rows=2000).close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096 * 8)
    damaged = sqlite3.connect(path)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        damaged.execute("SELECT sum(length(data)) FROM rows").fetchall()
    damaged.close()
    assert is_damage(caught.value)
    aside = set_aside(path)
    fresh = database(path)
    saved = salvage(aside, fresh)
    assert saved.kept == aside
    assert saved.rows > 2000
    assert "rows" in saved.incomplete
    assert fresh.execute("PRAGMA foreign_key_check").fetchall() == []
    found = [row[0] for row in fresh.execute("SELECT id FROM rows ORDER BY id")]
    assert found[0] == 0
    assert found[-1] == 1999
    fresh.close()


def test_of_a_file_that_is_no_database_nothing_is_saved_and_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        sqlite3.connect(path).execute("SELECT * FROM sqlite_master")
    assert is_damage(caught.value)
    aside = set_aside(path)
    fresh = database(path)
    saved = salvage(aside, fresh)
    assert (saved.rows, set(saved.incomplete)) == (0, {"parents", "rows"})
    assert aside.read_bytes().startswith(b"nonsense")
    fresh.close()


def test_a_full_disk_or_a_lock_is_no_damage() -> None:
    assert not is_damage(sqlite3.OperationalError("database or disk is full"))
    assert not is_damage(sqlite3.OperationalError("database is locked"))
    assert not is_damage(sqlite3.OperationalError("unable to open database file"))
    assert is_damage(sqlite3.DatabaseError("database disk image is malformed"))


def test_two_damaged_files_of_one_moment_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    for content in (b"first", b"second"):
        path.write_bytes(content)
        set_aside(path)
    assert sorted(one.read_bytes() for one in tmp_path.glob("x.sqlite3.damaged-*")) == [b"first", b"second"]
