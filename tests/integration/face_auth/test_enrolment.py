"""Enrolment over HTTP with real photos: gates, duplicates, deletion, export, two at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import cv2
import pytest
from tests.integration.face_auth.conftest import FaceService, as_jpeg

from hackai_shared.security import Role


@pytest.fixture
def hanks(faces_folder: Path) -> list[Path]:
    return sorted((faces_folder / "people" / "Tom_Hanks").glob("*.jpg"))


@pytest.fixture
def bush(faces_folder: Path) -> list[Path]:
    return sorted((faces_folder / "people" / "George_HW_Bush").glob("*.jpg"))


async def one_at_a_time(faces: FaceService, name: str, photos: list[Path], count: int = 2) -> list[Path]:
    """Enrol with the first photos that pass the gates; return them."""
    good: list[Path] = []
    for path in photos:
        answer = await faces.enrol(f"Probe {len(good)}", path)
        if answer.status_code == 201:
            good.append(path)
            person = answer.json()["person_id"]
            assert (await faces.http.delete(f"/v1/people/{person}", headers=faces.admin)).status_code == 204
        if len(good) == count:
            break
    assert len(good) == count
    answer = await faces.enrol(name, *good)
    assert answer.status_code == 201, answer.text
    return good


async def test_a_person_and_the_same_face_again(faces: FaceService, hanks: list[Path]) -> None:
    good = await one_at_a_time(faces, "Tom Hanks", hanks)
    people = (await faces.http.get("/v1/people", headers=faces.admin)).json()
    assert [(person["name"], person["photos"]) for person in people] == [("Tom Hanks", 2)]
    again = await faces.enrol("Forrest Gump", *good)
    assert (again.status_code, again.json()["type"]) == (409, "urn:hackai:problem:person-exists")
    assert "Tom Hanks" in again.json()["detail"]
    taken = await faces.enrol("TOM HANKS", *good)
    assert taken.status_code == 409


async def test_two_enrolments_of_one_face_at_once(faces: FaceService, hanks: list[Path]) -> None:
    answers = await asyncio.gather(*(faces.enrol(f"Person {letter}", hanks[0]) for letter in "ABCD"))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(faces.core.store.people()) == 1


async def test_photos_of_two_people_are_not_one_person(faces: FaceService, hanks: list[Path], bush: list[Path]) -> None:
    answer = await faces.enrol("Somebody", hanks[0], bush[0])
    assert answer.status_code == 422
    assert faces.core.store.people() == []


async def test_what_the_gates_refuse(faces: FaceService, hanks: list[Path], tmp_path: Path) -> None:
    picture = cv2.imread(str(hanks[0]))
    assert picture is not None
    cases = {
        "blurred": cv2.GaussianBlur(picture, (0, 0), 4),
        "too small": cv2.resize(picture, None, fx=0.4, fy=0.4),
        "too dark": (picture * 0.1).astype("uint8"),
        "no face": picture[: picture.shape[0] // 8],
        "exactly one": cv2.hconcat([picture, picture]),
    }
    for words, changed in cases.items():
        path = tmp_path / f"{words}.jpg"
        path.write_bytes(as_jpeg(changed))
        answer = await faces.enrol("Somebody", path)
        assert answer.status_code == 422, words
        assert words in answer.json()["detail"], answer.json()
    assert faces.core.store.people() == []
    assert [outcome for _, outcome, _ in faces.audited()] == ["refused"] * len(cases)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe0 not really", b"<svg onload=alert(1)>"])
async def test_what_is_no_picture(faces: FaceService, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    assert (await faces.enrol("Somebody", path)).status_code == 422


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "\u202e", "x" * 100, "<script>"])
async def test_tricks_in_names(faces: FaceService, hanks: list[Path], name: str, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert (await faces.enrol(name, hanks[0])).status_code == 422
    assert {path for path in (p.name for p in tmp_path.rglob("*")) if path not in before} <= {
        "gallery.sqlite3-wal",
        "gallery.sqlite3-shm",
    }


async def test_tricks_in_file_names_change_nothing(faces: FaceService, hanks: list[Path]) -> None:
    files = [("photos", ("../../../tmp/\x00evil.jpg", b"no picture", "image/jpeg"))]
    answer = await faces.http.post("/v1/people", data={"name": "Ada"}, files=files, headers=faces.admin)
    assert answer.status_code == 422
    assert ".." not in answer.json()["detail"]


async def test_export_and_deletion(faces: FaceService, hanks: list[Path]) -> None:
    person = (await faces.enrol("Tom Hanks", hanks[0])).json()["person_id"]
    own, other = faces.session(Role.VIEWER, person), faces.session(Role.OPERATOR, "f" * 32)
    assert (await faces.http.get(f"/v1/people/{person}/export", headers=other)).status_code == 403
    export = (await faces.http.get(f"/v1/people/{person}/export", headers=own)).json()
    assert (export["name"], len(export["templates"][0]["embedding"])) == ("Tom Hanks", 512)
    assert (await faces.http.delete(f"/v1/people/{person}", headers=own)).status_code == 204
    assert (await faces.http.get(f"/v1/people/{person}", headers=faces.admin)).status_code == 404
    files = b"".join(path.read_bytes() for path in faces.core.database.path.parent.glob("gallery.sqlite3*"))
    assert b"Tom Hanks" not in files
    assert ("delete-person", "allowed", "") in faces.audited()


async def test_more_photos_must_show_the_same_person(faces: FaceService, hanks: list[Path], bush: list[Path]) -> None:
    good = await one_at_a_time(faces, "Tom Hanks", hanks)
    person = faces.core.store.people()[0].person_id
    for path, status in ((bush[0], 422), (good[1], 201)):
        files = [("photos", (path.name, path.read_bytes(), "image/jpeg"))]
        answer = await faces.http.post(f"/v1/people/{person}/photos", files=files, headers=faces.admin)
        assert answer.status_code == status, answer.text


async def test_enrolment_with_a_one_time_code(faces: FaceService, hanks: list[Path], bush: list[Path]) -> None:
    code = faces.core.codes.issue(Role.ADMIN, expires_at=None)

    async def redeem(path: Path, given: str, client: str = "telegram:7") -> int:
        files = [("photos", (path.name, path.read_bytes(), "image/jpeg"))]
        data = {"name": f"Person {path.stem[0]}", "client": client, "code": given}
        return (await faces.http.post("/v1/enrolments", data=data, files=files, headers=faces.service)).status_code

    assert await redeem(hanks[0], "AAAA-BBBB-CCCC") == 403
    assert await redeem(hanks[0], code) == 201
    assert faces.core.store.people()[0].role is Role.ADMIN
    assert await redeem(bush[0], code) == 403
    for _ in range(5):
        await redeem(bush[0], "AAAA-BBBB-CCCC", "telegram:9")
    assert await redeem(bush[0], code, "telegram:9") == 429


async def test_a_new_role_ends_the_sessions_of_the_old_one(faces: FaceService, hanks: list[Path]) -> None:
    person = (await faces.enrol("Tom Hanks", hanks[0])).json()["person_id"]
    _, claims = faces.core.sessions.issue(faces.core.store.person(person), "telegram:1", live=False)
    changed = await faces.http.patch(f"/v1/people/{person}", json={"role": "operator"}, headers=faces.admin)
    assert changed.json()["role"] == "operator"
    assert claims.jti in faces.edge.revoked
