"""Endpoint by endpoint: the access table and the OpenAPI document of the face service name the same endpoints."""

from __future__ import annotations

import pytest
from tests.integration.face_auth.conftest import *  # noqa: F403 - the fixtures of the service
from tests.integration.face_auth.conftest import MakeService

from hackai_shared.config.faces import FacesConfig
from hackai_shared.security import Role, endpoints_of


def operations(app: object) -> set[str]:
    paths = app.openapi()["paths"]  # type: ignore[attr-defined]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item}


async def test_table_and_openapi_name_the_same_endpoints(make_service: MakeService) -> None:
    async with make_service() as faces:
        assert operations(faces.app) == set(endpoints_of("face_auth"))


def fill(path: str) -> str:
    for name, value in (("person_id", "a" * 32), ("photo_id", "b" * 32), ("jti", "c" * 32)):
        path = path.replace("{" + name + "}", value)
    return path


@pytest.mark.parametrize("endpoint", sorted(endpoints_of("face_auth")))
async def test_every_endpoint_asks_for_what_the_table_says(make_service: MakeService, endpoint: str) -> None:
    access = endpoints_of("face_auth")[endpoint]
    method, path = endpoint.split(" ")
    async with make_service(FacesConfig(requests_per_minute=100_000)) as faces:

        async def status(headers: dict[str, str]) -> int:
            return (await faces.http.request(method, fill(path), headers=headers)).status_code

        anonymous = await status({})
        if access.public:
            assert anonymous == 200 or path == "/readyz"
            return
        assert anonymous == 401
        assert await status({"Authorization": "Bearer nonsense"}) == 401
        assert (await status(faces.service) not in (401, 403)) is access.service
        for role in Role:
            passed = await status(faces.session(role, "f" * 32)) not in (401, 403)
            assert passed is (access.role is not None and role.covers(access.role)), role
        if access.own == "person_id":
            assert await status(faces.session(Role.VIEWER, "a" * 32)) not in (401, 403)
