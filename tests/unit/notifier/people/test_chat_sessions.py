"""Chats that people logged in from."""

from __future__ import annotations

import pytest

from hackai_notifier.people.access import ConfiguredAccess, Receiver
from hackai_notifier.people.chat_sessions import ChatSession, FaceAccess
from hackai_shared.security.enrolled import EnrolledPeople
from hackai_shared.security.roles import Role

NOW = 1_000_000.0


class Clock:
    at = NOW

    def __call__(self) -> float:
        return self.at


def session(chat_id: int, **changes: object) -> ChatSession:
    facts: dict[str, object] = {
        "chat_id": chat_id,
        "person_id": "ada",
        "name": "Ada",
        "role": Role.OPERATOR,
        "jti": f"j{chat_id}",
        "token": "t",
        "authenticated_at": NOW,
        "expires_at": NOW + 3600,
    }
    return ChatSession.model_validate({**facts, **changes})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def revoked() -> set[str]:
    return set()


@pytest.fixture
def access(clock: Clock, revoked: set[str]) -> FaceAccess:
    return FaceAccess(ConfiguredAccess([1], [9]), revoked, now=clock)


def test_a_listed_chat_sees_and_answers_without_a_face(access: FaceAccess) -> None:
    assert access.receivers() == [Receiver(1)]
    assert (access.role(1), access.proof(1)) == (Role.OPERATOR, "configuration")
    assert not access.fresh_face(1)
    assert access.administrators() == [9]


def test_a_listed_administrator_is_none_without_a_face(access: FaceAccess) -> None:
    assert access.role(9) is Role.OPERATOR
    access.bind(session(9, role=Role.ADMIN))
    assert access.role(9) is Role.ADMIN


def test_a_login_takes_nothing_from_a_listed_chat(access: FaceAccess) -> None:
    access.bind(session(1, role=Role.VIEWER))
    assert access.role(1) is Role.OPERATOR
    assert access.proof(1) == "session:j1"


def test_a_login_gives_pictures_and_the_role_of_the_person(access: FaceAccess) -> None:
    access.bind(session(1))
    access.bind(session(2, role=Role.ADMIN))
    assert access.receivers() == [Receiver(1), Receiver(2)]
    assert (access.role(1), access.proof(1)) == (Role.OPERATOR, "session:j1")
    assert access.administrators() == [9, 2]


@pytest.mark.parametrize("how", ["expired", "revoked", "logged out"])
def test_a_session_that_ended_leaves_the_text(access: FaceAccess, clock: Clock, revoked: set[str], how: str) -> None:
    access.bind(session(2))
    if how == "expired":
        clock.at += 3600
    elif how == "revoked":
        revoked.add("j2")
    else:
        access.bind(session(2, ended=True))
    assert access.receivers() == [Receiver(1), Receiver(2, pictures=False)]
    assert access.expired(2)
    assert access.role(2) is None
    assert not access.fresh_face(2)


def test_a_face_is_fresh_for_five_minutes(access: FaceAccess, clock: Clock) -> None:
    access.bind(session(2))
    clock.at += 300
    assert access.fresh_face(2)
    clock.at += 1
    assert not access.fresh_face(2)
    assert access.role(2) is Role.OPERATOR


def test_a_clock_that_was_set_back_makes_no_face_fresh(access: FaceAccess, clock: Clock) -> None:
    access.bind(session(2))
    clock.at -= 3000
    assert not access.fresh_face(2)


def test_whoever_is_no_longer_enrolled_has_left_but_not_who_came_after_the_list(access: FaceAccess) -> None:
    for chat, person in ((5, "ada"), (6, "grace")):
        access.bind(session(chat, person_id=person, jti=f"j{chat}"))
    assert access.departed(EnrolledPeople(people=frozenset({"ada", "grace"}), at=NOW + 60)) == []
    assert access.departed(EnrolledPeople(people=frozenset(), at=NOW)) == []
    (gone,) = access.departed(EnrolledPeople(people=frozenset({"grace"}), at=NOW + 60))
    access.forget(gone.chat_id)
    assert 5 not in [receiver.chat_id for receiver in access.receivers()]
    assert access.session(5) is None
    assert (access.listed(1), access.listed(5)) == (True, False)
