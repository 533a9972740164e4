"""One-time codes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hackai_face_auth.codes import CodeBook, new_code
from hackai_face_auth.errors import CodeInvalid, GalleryTampered
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database
from hackai_shared.security import Role


@pytest.fixture
def codes(database: Database, cipher: GalleryCipher) -> CodeBook:
    return CodeBook(database, cipher)


def test_a_code_is_good_for_one_enrolment(codes: CodeBook) -> None:
    code = codes.issue(Role.ADMIN, expires_at=None)
    assert codes.check(code, 0.0) is Role.ADMIN
    assert codes.use(f" {code.lower()} ", 0.0) is Role.ADMIN
    with pytest.raises(CodeInvalid):
        codes.use(code, 0.0)


def test_expired_wrong_and_replaced(codes: CodeBook) -> None:
    code = codes.issue(Role.VIEWER, expires_at=100.0)
    with pytest.raises(CodeInvalid, match="expired"):
        codes.use(code, 101.0)
    with pytest.raises(CodeInvalid, match="wrong"):
        codes.use("AAAA-AAAA-AAAA", 0.0)
    codes.issue(Role.ADMIN, expires_at=None, replace=True)
    with pytest.raises(CodeInvalid):
        codes.use(code, 0.0)


def test_codes_are_not_readable_in_the_file(codes: CodeBook, gallery_path: Path) -> None:
    code = codes.issue(Role.ADMIN, expires_at=None)
    content = b"".join(path.read_bytes() for path in gallery_path.parent.iterdir())
    assert code.encode() not in content


def test_a_code_whose_role_was_raised_in_the_file(codes: CodeBook, gallery_path: Path) -> None:
    code = codes.issue(Role.VIEWER, expires_at=None)
    with sqlite3.connect(gallery_path) as raw:
        raw.execute("UPDATE codes SET role = 'admin'")
    raw.close()
    with pytest.raises(GalleryTampered):
        codes.use(code, 0.0)


def test_codes_differ() -> None:
    assert len({new_code() for _ in range(1000)}) == 1000
