"""Roles, the access table and the service token."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from hackai_shared.security import (
    ENDPOINTS,
    Access,
    Principal,
    Role,
    SecretInvalid,
    ServiceToken,
    access_for,
    new_service_token,
)
from hackai_shared.security.access import OWN_DATA, OWN_SESSION, PUBLIC, SERVICE, VIEWER, open_paths

SERVICE_CALLER = Principal("service", "service", "service")


def person(role: Role, subject: str = "ada", jti: str = "j1") -> Principal:
    return Principal("person", subject, subject, role, jti, 0.0)


def test_each_role_covers_those_before_it() -> None:
    assert [[have.covers(need) for need in Role] for have in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_a_service_passes_only_where_the_table_names_it() -> None:
    assert VIEWER.allows(SERVICE_CALLER, {})
    assert SERVICE.allows(SERVICE_CALLER, {})
    assert not OWN_DATA.allows(SERVICE_CALLER, {"person_id": "service"})
    assert not SERVICE.allows(person(Role.ADMIN), {})


def test_ones_own_data_and_session() -> None:
    assert OWN_DATA.allows(person(Role.VIEWER), {"person_id": "ada"})
    assert not OWN_DATA.allows(person(Role.OPERATOR), {"person_id": "bob"})
    assert OWN_DATA.allows(person(Role.ADMIN), {"person_id": "bob"})
    assert OWN_SESSION.allows(person(Role.VIEWER), {"jti": "j1"})
    assert not OWN_SESSION.allows(person(Role.VIEWER), {"jti": "j2"})


def test_an_unknown_endpoint_is_nobodys() -> None:
    assert access_for("face_auth", "POST", "/v1/backdoor") is None
    assert access_for("nosuch", "GET", "/healthz") is PUBLIC


def test_open_paths_are_matched_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        ENDPOINTS, "demo", {"GET /": PUBLIC, "GET /static/{path:path}": PUBLIC, "GET /v1/x/{id}": VIEWER}
    )
    pattern = open_paths("demo")
    for path in ("GET /healthz", "GET /", "GET /static/a/b.js", "GET /docs"):
        assert pattern.fullmatch(path), path
    for path in ("POST /healthz", "GET /healthz/x", "GET /v1/x/1", "GET /metrics", "GET /healthzz", "GET /docsx"):
        assert not pattern.fullmatch(path), path


def test_the_table_says_in_words_what_is_needed() -> None:
    assert str(OWN_DATA) == "the role admin or the person named in the path"
    assert str(VIEWER) == "the role viewer or a service of this installation"
    assert str(Access()) == "nobody"


def test_the_service_token_matches_itself_alone() -> None:
    secret = new_service_token()
    token = ServiceToken(SecretStr(secret))
    assert token.matches(secret)
    assert not token.matches(secret[:-1])
    assert not token.matches("")
    assert not token.matches("ü" * 40)


def test_without_a_service_token_nothing_matches() -> None:
    assert not ServiceToken(None).matches("")


def test_a_short_service_token_stops_the_start() -> None:
    with pytest.raises(SecretInvalid, match="at least 32"):
        ServiceToken(SecretStr("secret"))
