from __future__ import annotations

import json
import struct
from typing import Any

import httpx
from pydantic import SecretStr
from tests.unit.dashboard.conftest import HTML, House

from hackai_dashboard.routes.models import sides
from hackai_shared.security import Role

FIRST = {"role": "first", "changeable": True}
VARIANTS = {"fp32": {"test": {"accuracy": 0.954}}, "int8": {"test": {"accuracy": 0.953}}}


def model(**changes: Any) -> dict[str, Any]:
    version = {
        "version": 1, "active": True, "usable": True, "detail": "", "licence": "Apache-2.0",
        "architecture": "squeezenet1_1", "variants": VARIANTS, "sizes": {"fp32": 2_920_210, "int8": 796_904},
    }  # fmt: skip
    return {
        "name": "fire",
        "active": {"version": 1, "variant": "int8", "runtime": "onnxruntime", "provider": "CPU", **FIRST},
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


def shadow(**changes: Any) -> dict[str, Any]:
    return {
        "name": "fire", "phase": "shadow", "active_version": 1, "other_version": 2, "share": 0.1, "compared": 412,
        "disagreed": 7, "rate": 0.017, "rate_low": 0.008, "rate_high": 0.035, "failures": 0, "passed_over": 31,
        "objections": [], "ended": "", **changes,
    }  # fmt: skip


def in_the_shadow(house: House, **changes: Any) -> None:
    house.answers["GET inference/v1/models"] = httpx.Response(200, json={"models": [model()]})
    house.answers["GET inference/v1/models/fire/shadow"] = httpx.Response(200, json=shadow(**changes))


async def test_the_candidate_is_shown_with_its_evidence_and_promoted_by_administrators_alone(house: House) -> None:
    in_the_shadow(house)
    house.log_in(Role.VIEWER)
    page = (await house.http.get("/models", headers=HTML)).text
    for fact in ("in shadow mode", "10 % of the live frames", ">412<", ">7<", "1.7 % (0.8 % to 3.5 %)", "0, 31"):
        assert fact in page
    assert "/models/fire/promote" not in page
    house.log_in(Role.ADMIN)
    assert 'action="/models/fire/promote"' in (await house.http.get("/models", headers=HTML)).text


async def test_a_candidate_that_may_not_be_promoted_says_why(house: House) -> None:
    in_the_shadow(house, compared=0, objections=["0 frames were compared, 300 are needed"])
    house.log_in(Role.ADMIN)
    page = (await house.http.get("/models", headers=HTML)).text
    assert "0 frames were compared, 300 are needed" in page
    assert "/models/fire/promote" not in page


async def test_probation_and_its_end_are_told(house: House) -> None:
    house.log_in(Role.ADMIN)
    in_the_shadow(house, phase="probation", active_version=2, other_version=1)
    page = (await house.http.get("/models", headers=HTML)).text
    assert "on probation" in page
    assert "version 1, keeps running for comparison" in page
    assert "/models/fire/promote" not in page
    in_the_shadow(house, phase="ended", ended="rolled back: it failed on 3 frames in a row")
    assert "Ended: rolled back" in (await house.http.get("/models", headers=HTML)).text


async def test_without_a_comparison_nothing_is_shown_and_trouble_is(house: House) -> None:
    house.log_in(Role.ADMIN)
    in_the_shadow(house)
    where = "GET inference/v1/models/fire/shadow"
    house.answers[where] = httpx.Response(404, json={"detail": "no version is compared"})
    assert "Not available now" not in (await house.http.get("/models", headers=HTML)).text
    house.answers[where] = httpx.Response(500, json={"detail": "the disk is full"})
    assert "the disk is full" in (await house.http.get("/models", headers=HTML)).text


async def test_promotion_is_ordered_by_an_administrator(house: House) -> None:
    csrf = house.log_in(Role.OPERATOR)
    assert (await house.post("/models/fire/promote", csrf)).status_code == 403
    csrf = house.log_in(Role.ADMIN, token=SecretStr("own"))
    house.answers["POST inference/v1/models/fire/promote"] = httpx.Response(409, json={"detail": "too few frames"})
    assert (await house.post("/models/fire/promote", csrf)).status_code == 303
    assert house.asked == [("POST", "/v1/models/fire/promote", "own")]
    in_the_shadow(house)
    assert "Not done: too few frames" in (await house.http.get("/models", headers=HTML)).text


async def test_the_deciding_model_is_active_and_not_called_unused(house: House) -> None:
    house.log_in(Role.ADMIN)
    deciding = {"version": 1, "variant": "int8", "runtime": "onnxruntime", "provider": "CPU"}
    large = model(name="fire-large", active={**deciding, "role": "second_opinion", "changeable": False})
    idle = model(name="other", active=None)
    house.answers["GET inference/v1/models"] = httpx.Response(200, json={"models": [model(), large, idle]})

    page = (await house.http.get("/models", headers=HTML)).text

    assert "active: classifies every frame" in page
    assert "active: decides where there is a suspicion" in page
    assert page.count("Not active.") == 1
    assert "/models/fire-large/rollback" not in page  # another version of it takes a restart
