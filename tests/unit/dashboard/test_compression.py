from __future__ import annotations

import html
import json

import httpx
import pytest
from pydantic import SecretStr
from tests.unit.dashboard.conftest import HTML, House

from hackai_dashboard.headers import REPORT_POLICY
from hackai_dashboard.routes.compression import steps_of
from hackai_shared.security import Role

JOB = {
    "id": "abc123",
    "request": {"recipe": {"name": "smaller", "about": ""}, "pictures": "fire"},
    "state": "running",
    "created_at": "2026-11-24T10:00:00Z",
    "error": "",
}


def test_the_last_word_of_each_step() -> None:
    log = "\n".join(
        [
            '{"step": "train", "kind": "started"}',
            '{"step": "train", "kind": "progress", "done": 1, "total": 4, "text": "epoch 1"}',
            '{"step": "train", "kind": "finished", "done": 4, "total": 4}',
            '{"step": "judge", "kind": "started"}',
            '{"step": "judge", "kind": "progr',
        ]
    )
    train, judge = steps_of(log)
    assert (train["kind"], train["done"], train["text"]) == ("finished", 4, "epoch 1")
    assert judge["kind"] == "started"


async def test_a_service_that_is_not_here_is_said_so(house: House) -> None:
    house.log_in(Role.OPERATOR)
    page = await house.http.get("/compression", headers=HTML)
    assert page.status_code == 200
    assert "compression does not answer" in page.text


async def test_a_recipe_is_submitted_or_sent_back_with_the_reason(house: House) -> None:
    csrf = house.log_in(Role.OPERATOR, token=SecretStr("own"))
    house.answers["GET compression/v1/jobs"] = httpx.Response(200, json={"jobs": [JOB]})
    wrong = await house.post("/compression", csrf, recipe="name: [", pictures="fire")
    assert wrong.status_code == 422
    assert "The recipe cannot be read: line 1:8: not YAML" in wrong.text
    assert "name: [" in wrong.text  # nothing that was written is lost
    house.answers["POST compression/v1/jobs"] = httpx.Response(202, json=JOB)
    done = await house.post("/compression", csrf, recipe="name: smaller", pictures="fire")
    assert done.headers["location"] == "/compression/abc123"
    assert json.loads(house.bodies[-1]) == {"recipe": {"name": "smaller"}, "pictures": "fire"}


BOMB = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9 if before else ['fire'] * 9)}]\n"
    for name, before in zip("abcdefghi", ["", *"abcdefgh"], strict=True)
)


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (BOMB, "the alias *a is not allowed here"),
        ("size: .nan", "is not a finite number"),
        ('name: "\\ud800"', "half a character"),
        ("[" * 5_000, "nested deeper than"),
    ],
)
async def test_a_recipe_that_is_an_attack_is_sent_back(house: House, recipe: str, reason: str) -> None:
    csrf = house.log_in(Role.OPERATOR, token=SecretStr("own"))
    house.answers["GET compression/v1/jobs"] = httpx.Response(200, json={"jobs": []})
    answer = await house.post("/compression", csrf, recipe=recipe, pictures="fire")
    assert answer.status_code == 422
    assert reason in html.unescape(answer.text)
    assert not any(method == "POST" for method, _, _ in house.asked)


async def test_progress_and_the_report_in_its_own_box(house: House) -> None:
    house.log_in(Role.VIEWER)
    house.answers["GET compression/v1/jobs/abc123"] = httpx.Response(200, json=JOB)
    house.answers["GET compression/v1/jobs/abc123/log"] = httpx.Response(
        200, text='{"step": "train", "kind": "started"}'
    )
    house.answers["GET compression/v1/jobs/abc123/report"] = httpx.Response(200, text="<script>alert(1)</script>")
    page = (await house.http.get("/compression/abc123", headers=HTML)).text
    assert "train" in page
    assert "data-refresh" in page
    report = await house.http.get("/compression/abc123/report")
    assert report.headers["content-security-policy"] == REPORT_POLICY
    assert "script-src" not in REPORT_POLICY
    assert "sandbox" in REPORT_POLICY
