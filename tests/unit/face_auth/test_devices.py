"""Chats and browsers: who may ask for a challenge at all."""

from __future__ import annotations

import pytest
from tests.unit.face_auth.conftest import Clock

from hackai_face_auth.devices import BROWSER_S, DeviceBook
from hackai_face_auth.errors import DeviceUnknown, GalleryTampered
from hackai_face_auth.gallery.cipher import GalleryCipher
from hackai_face_auth.gallery.database import Database


@pytest.fixture
def book(database: Database, cipher: GalleryCipher, clock: Clock) -> DeviceBook:
    return DeviceBook(database, cipher, {"telegram:7"}, now=clock)


def test_a_listed_chat_an_invited_one_and_nobody_else(book: DeviceBook) -> None:
    book.admit_chat("telegram:8", vouched_by="invitation", person_id="ada")
    assert book.prove("telegram:7").how == "listed"
    assert (book.prove("telegram:8").how, book.prove("telegram:8").person_id) == ("invited", "ada")
    for stranger in ("telegram:9", "telegram:07", "dashboard:7", "rest:telegram:7"):
        with pytest.raises(DeviceUnknown):
            book.prove(stranger)


def test_a_browser_is_proven_by_its_secret_alone(book: DeviceBook, clock: Clock) -> None:
    device, secret = book.pair_browser(vouched_by="box:ada", person_id="", label="Firefox")
    assert book.prove(device.client, secret) == device
    for guess in ("", secret[:-1], secret + "x", "\udcff"):
        with pytest.raises(DeviceUnknown):
            book.prove(device.client, guess)
    clock.at += BROWSER_S
    with pytest.raises(DeviceUnknown):
        book.prove(device.client, secret)


def test_a_device_belongs_to_the_first_who_logged_in_from_it(book: DeviceBook) -> None:
    book.bind(book.prove("telegram:7"), "ada")
    assert book.prove("telegram:7").person_id == "ada"
    book.bind(book.prove("telegram:7"), "grace")
    assert book.prove("telegram:7").person_id == "ada"


def test_what_a_person_has_and_vouched_for_ends_together(book: DeviceBook) -> None:
    book.admit_chat("telegram:8", vouched_by="invitation", person_id="ada")
    own, _ = book.pair_browser(vouched_by="ada", person_id="", label="")
    other, secret = book.pair_browser(vouched_by="grace", person_id="grace", label="")
    assert {device.client for device in book.remove(person_id="ada")} == {"telegram:8", own.client}
    assert book.known() == [other]
    assert book.prove(other.client, secret) == other
    assert book.remove(client="telegram:8") == []


def test_a_device_that_was_removed_meanwhile_stays_removed(book: DeviceBook) -> None:
    device = book.admit_chat("telegram:8", vouched_by="invitation")
    book.remove(client="telegram:8")
    book.bind(device, "ada")
    assert book.known() == []


@pytest.mark.parametrize("change", ["person_id = 'eve'", "how = 'invited'", "digest = x''", "expires_at = NULL"])
def test_a_row_that_was_changed_lets_nobody_in(book: DeviceBook, database: Database, change: str) -> None:
    device, secret = book.pair_browser(vouched_by="ada", person_id="ada", label="")
    with database.transaction() as connection:
        connection.execute(f"UPDATE devices SET {change}")
    with pytest.raises(GalleryTampered):
        book.prove(device.client, secret)


def test_devices_are_bounded_and_the_oldest_go_first(
    book: DeviceBook, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hackai_face_auth.devices.MAX_DEVICES", 4)
    for number in range(7):
        clock.at += 1
        book.admit_chat(f"telegram:{number + 100}", vouched_by="invitation")
    assert len(book.known()) == 4
    with pytest.raises(DeviceUnknown):
        book.prove("telegram:102")
    assert book.prove("telegram:103").how == "invited"
