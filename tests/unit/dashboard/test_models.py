from __future__ import annotations

import json
import struct
from typing import Any

import httpx
from pydantic import SecretStr
from tests.unit.dashboard.conftest import HTML, House

from hackai_dashboard.routes.models import sides
from hackai_shared.security import Role

VARIANTS = {"fp32": {"test": {"accuracy": 0.954}}, "int8": {"test": {"accuracy": 0.953}}}


def model(**changes: Any) -> dict[str, Any]:
    version = {
        "version": 1, "active": True, "usable": True, "detail": "", "licence": "Apache-2.0",
        "architecture": "squeezenet1_1", "variants": VARIANTS, "sizes": {"fp32": 2_920_210, "int8": 796_904},
    }  # fmt: skip
    return {
        "name": "fire",
        "active": {"version": 1, "variant": "int8", "runtime": "onnxruntime", "provider": "CPU"},
        "versions": [{**version, "version": 2, "active": False}, version],
        "history": [2, 1],
        **changes,
    }


def said(danger: float, infer: float) -> httpx.Response:
    probabilities = {"fire": danger, "start_fire": 0.0, "no_fire": 1 - danger}
    return httpx.Response(200, json={"label": "fire", "probabilities": probabilities, "timings_ms": {"infer": infer}})


def test_the_uncompressed_form_of_the_active_version_stands_against_the_one_in_use() -> None:
    found = sides([model()])
    assert (found["left"], found["right"]) == ("fire/1/fp32", "fire/1/int8")
    assert found["sizes"]["fire/1/int8"] == 796_904
    assert sides([])["choices"] == []
    assert sides([model(active=None)])["choices"] == []  # not in use here: nothing can run it


async def test_versions_with_their_figures_and_who_may_change_them(house: House) -> None:
    house.log_in(Role.ADMIN)
    house.answers["GET inference/v1/models"] = httpx.Response(200, json={"models": [model()]})
    page = (await house.http.get("/models", headers=HTML)).text
    assert "95.4 %" in page
    assert "796.90 kB" in page
    assert 'action="/models/fire/versions/2/activate"' in page
    assert 'action="/models/fire/rollback"' in page
    house.log_in(Role.OPERATOR)
    assert "rollback" not in (await house.http.get("/models", headers=HTML)).text


async def test_both_judge_the_same_frame(house: House) -> None:
    house.log_in(Role.VIEWER)
    house.answers["GET camera/v1/cameras/front/snapshot.jpg"] = httpx.Response(200, content=b"jpeg")
    for variant, danger, infer in (("fp32", 0.9, 4.0), ("int8", 0.8, 2.0)):
        house.answers[f"POST inference/v1/models/fire/versions/1/variants/{variant}/predict"] = said(danger, infer)
    query = {"camera": "front", "left": "fire/1/fp32", "right": "fire/1/int8"}
    body = (await house.http.get("/models/compare", params=query)).content
    (length,) = struct.unpack_from(">I", body)
    head = json.loads(body[4 : 4 + length])
    assert (head["left"]["infer_ms"], head["right"]["infer_ms"]) == (4.0, 2.0)
    assert (head["left"]["danger"], head["right"]["danger"]) == (0.9, 0.8)
    assert body[4 + length :] == b"jpeg"
    assert house.bodies[1:] == [b"jpeg", b"jpeg"]
    for wrong in ({**query, "camera": "elsewhere"}, {**query, "left": "../../etc"}):
        assert (await house.http.get("/models/compare", params=wrong)).status_code in (404, 422)


async def test_rollback_is_ordered_by_the_person(house: House) -> None:
    csrf = house.log_in(Role.ADMIN, token=SecretStr("own"))
    house.answers["POST inference/v1/models/fire/rollback"] = httpx.Response(200, json={})
    assert (await house.post("/models/fire/rollback", csrf)).status_code == 303
    assert house.asked == [("POST", "/v1/models/fire/rollback", "own")]
