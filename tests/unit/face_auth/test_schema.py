"""A gallery of an earlier version opens, and everybody in it is still known."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hackai_face_auth.gallery.database import Database
from hackai_face_auth.gallery.schema import MIGRATIONS

STORED = Path(__file__).parent / "stored" / "schema_1.sql"


def test_a_stored_gallery_of_the_first_version_opens_with_all_people(tmp_path: Path) -> None:
    path = tmp_path / "gallery.sqlite3"
    earlier = sqlite3.connect(path)
    earlier.executescript(STORED.read_text())
    earlier.close()

    database = Database(path)

    with database.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("SELECT name, role FROM people").fetchone()["name"] == "Ada Lovelace"
        assert bytes(connection.execute("SELECT embedding FROM templates").fetchone()["embedding"]) == b"\x01"
        assert [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
    database.close()
