"""Logins with real models: first the chat or browser, then a face that moves; attacks on both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.integration.face_auth.conftest import CHAT, OTHER_CHAT, FaceService, MakeService, Perform, as_jpeg

from hackai_face_auth.engine.faces import FaceEngine, Pixels
from hackai_face_auth.liveness.steps import Movement, Pace, Step
from hackai_shared.config.faces import FacesConfig, LockoutConfig
from hackai_shared.security import KeySet, Role, verify_session
from presentation_attacks.acting import act
from presentation_attacks.attacks import plane
from presentation_attacks.heads import Portrait

# Shows its subject straight, sharp and large enough for head movements to be made of it.
ACTOR = "deepface_id07"
BLINK, LEFT, RIGHT = (
    Step(movement, Pace.QUICKLY) for movement in (Movement.BLINK, Movement.TURN_LEFT, Movement.TURN_RIGHT)
)
PROBLEM = "urn:hackai:problem:"


@pytest.fixture
def photos(faces_folder: Path) -> list[Path]:
    return sorted((faces_folder / "people" / ACTOR).glob("*.jpg"))


@pytest.fixture(scope="session")
def straight(faces_folder: Path) -> Pixels:
    return np.asarray(cv2.imread(str(faces_folder / "people" / ACTOR / "img30.jpg")), np.uint8)


@pytest.fixture(scope="session")
def answer(straight: Pixels, perform: Perform) -> list[bytes]:
    """The actor blinks and turns left."""
    return [as_jpeg(frame) for frame in perform(straight, [BLINK, LEFT])]


@pytest.fixture
async def enrolled(faces: FaceService, photos: Sequence[Path]) -> str:
    """The actor's id, enrolled with photos other than the one that logs in."""
    return await enrol(faces, photos)


async def enrol(faces: FaceService, photos: Sequence[Path]) -> str:
    for path in photos:
        if path.name != "img30.jpg":
            made = await faces.enrol("Actor", path, role="operator")
            if made.status_code == 201:
                return str(made.json()["person_id"])
    pytest.fail("no photo passes the gates")


async def test_a_head_that_does_what_was_asked_for(faces: FaceService, enrolled: str, answer: list[bytes]) -> None:
    challenge = await faces.challenge(CHAT, BLINK, LEFT)
    made = await faces.login(answer, challenge_id=challenge)
    assert made.status_code == 201, (made.text, faces.audited()[-1])
    body = made.json()
    assert (body["name"], body["role"], body["live"]) == ("Actor", "operator", True)
    claims = verify_session(body["token"], KeySet.of(faces.core.key.public_key()))
    assert (claims.sub, claims.client) == (enrolled, CHAT)
    assert faces.audited()[-1][:2] == ("login", "allowed")
    # The chat is this person's from now on.
    assert faces.core.devices.prove(CHAT).person_id == enrolled
    # Once, and for nobody else.
    again = await faces.login(answer, challenge_id=challenge)
    assert (again.status_code, again.json()["type"]) == (409, PROBLEM + "login-challenge-unknown")
    logout = await faces.http.delete(f"/v1/sessions/{claims.jti}", headers={"Authorization": f"Bearer {body['token']}"})
    assert logout.status_code == 204
    gone = await faces.http.get(f"/v1/people/{enrolled}", headers={"Authorization": f"Bearer {body['token']}"})
    assert gone.status_code == 401


async def test_an_unknown_chat_or_browser_gets_no_challenge(
    faces: FaceService, enrolled: str, straight: Pixels
) -> None:
    for client in ("telegram:999", "dashboard:" + "0" * 24, "rest:telegram:1"):
        refused = await faces.ask(client)
        assert (refused.status_code, refused.json()["type"]) == (403, PROBLEM + "device-unknown")
        # Nor is an answer looked at, whatever it shows.
        login = await faces.login([as_jpeg(straight)], client=client)
        assert (login.status_code, login.json()["type"]) == (403, PROBLEM + "device-unknown")
    refusals = [action for action, outcome, _ in faces.audited() if outcome == "refused"]
    assert refusals == ["challenge", "login"] * 3


async def test_invitations_and_pairing_open_the_way_and_forgetting_closes_it(faces: FaceService) -> None:
    invited = await faces.http.post("/v1/invitations", json={"role": "viewer"}, headers=faces.admin)
    code = invited.json()["code"]
    chat = {"client": "telegram:77", "code": code}
    assert (await faces.http.post("/v1/devices/chats", json=chat, headers=faces.service)).status_code == 201
    assert (await faces.ask("telegram:77")).status_code == 201
    used = await faces.http.post("/v1/devices/chats", json={**chat, "client": "telegram:78"}, headers=faces.service)
    assert (used.status_code, used.json()["type"]) == (403, PROBLEM + "code")

    body = {"vouched_by": "box:ada", "label": "Firefox"}
    paired = (await faces.http.post("/v1/devices/browsers", json=body, headers=faces.service)).json()
    assert (await faces.ask(paired["client"], paired["secret"])).status_code == 201
    assert (await faces.ask(paired["client"], "x" * 43)).status_code == 403
    listed = (await faces.http.get("/v1/devices", headers=faces.admin)).json()
    assert {one["client"] for one in listed} == {"telegram:77", paired["client"]}
    assert not any("secret" in one or "digest" in one for one in listed)
    for client, secret in (("telegram:77", ""), (paired["client"], paired["secret"])):
        assert (await faces.http.delete(f"/v1/devices/{client}", headers=faces.admin)).status_code == 204
        assert (await faces.ask(client, secret)).status_code == 403


async def test_the_first_administrators_code_enrolls_and_does_nothing_else(
    faces: FaceService, photos: list[Path]
) -> None:
    code = faces.core.codes.issue(Role.ADMIN, expires_at=None)
    chat = {"client": "telegram:77", "code": code}
    refused = await faces.http.post("/v1/devices/chats", json=chat, headers=faces.service)
    assert (refused.status_code, "first administrator" in refused.json()["detail"]) == (403, True)
    files = [("photos", ("a.jpg", photos[0].read_bytes(), "image/jpeg"))]
    made = await faces.http.post("/v1/enrolments", data={**chat, "name": "Ada"}, files=files, headers=faces.service)
    assert (made.status_code, made.json()["role"]) == (201, "admin")
    device = faces.core.devices.prove("telegram:77")
    assert (device.how, device.person_id) == ("invited", made.json()["person_id"])


async def test_somebody_elses_chat_is_no_second_chance(faces: FaceService, enrolled: str, answer: list[bytes]) -> None:
    """Who holds a viewer's chat and a perfect copy of an administrator's face does not become administrator."""
    faces.core.devices.admit_chat("telegram:77", vouched_by="invitation", person_id="f" * 32)
    challenge = await faces.challenge("telegram:77", BLINK, LEFT)
    refused = await faces.login(answer, client="telegram:77", challenge_id=challenge)
    assert (refused.status_code, refused.json()["type"]) == (403, PROBLEM + "login-other-person")


async def test_challenges_that_are_not_passed_cost_their_source_and_nobody_else(
    faces: FaceService, enrolled: str, answer: list[bytes]
) -> None:
    statuses = [(await faces.ask(OTHER_CHAT)).status_code for _ in range(6)]
    assert statuses == [201] * 5 + [429]  # rolling again is an attempt
    assert 0 < int((await faces.ask(OTHER_CHAT)).headers["retry-after"]) <= 61
    # Seven more, invented, and the victim's face among them: nobody of them gets near, and the victim is not locked.
    for number in range(7):
        assert (await faces.ask(f"telegram:{9000 + number}")).status_code == 403
        await faces.login(answer, client=f"telegram:{9000 + number}", person_id=enrolled)
    challenge = await faces.challenge(CHAT, BLINK, LEFT)
    assert (await faces.login(answer, challenge_id=challenge)).status_code == 201
    # Whoever passes starts anew.
    assert [(await faces.ask(CHAT)).status_code for _ in range(5)] == [201] * 5


async def test_many_known_devices_that_fail_do_not_lock_the_person_either(
    make_service: MakeService, photos: list[Path], answer: list[bytes]
) -> None:
    async with make_service(FacesConfig(lockout=LockoutConfig(failures=1))) as faces:
        person = await enrol(faces, photos)
        for number in range(7):
            faces.core.devices.admit_chat(f"telegram:{9000 + number}", vouched_by="invitation")
            challenge = await faces.challenge(f"telegram:{9000 + number}", BLINK, LEFT)
            flat = await faces.login(
                answer[:3], client=f"telegram:{9000 + number}", challenge_id=challenge, person_id=person
            )
            assert flat.json()["type"] == PROBLEM + "login-not-live"
        challenge = await faces.challenge(CHAT, BLINK, LEFT)
        assert (await faces.login(answer, challenge_id=challenge)).status_code == 201


async def test_a_stranger_is_refused_and_audited(faces: FaceService, enrolled: str, faces_folder: Path) -> None:
    path = sorted((faces_folder / "impostors").glob("*.jpg"))[0]
    refused = await faces.login([path.read_bytes()], challenge_id=await faces.challenge())
    assert (refused.status_code, refused.json()["type"]) == (403, PROBLEM + "login-unknown-face")
    assert faces.audited()[-1][2].startswith("unknown-face")


async def test_the_other_movements_fail(faces: FaceService, enrolled: str, answer: list[bytes]) -> None:
    for asked in ((BLINK, RIGHT), (LEFT, BLINK), (Step(Movement.BLINK, Pace.SLOWLY), LEFT)):
        challenge = await faces.challenge(CHAT, *asked)
        refused = await faces.login(answer, challenge_id=challenge)
        assert (refused.status_code, refused.json()["type"]) == (403, PROBLEM + "login-not-live")


async def test_a_photo_turned_near_the_lens_is_a_plane(
    faces: FaceService, enrolled: str, straight: Pixels, engine: FaceEngine
) -> None:
    portrait = Portrait(engine, straight)
    poses = act([BLINK, LEFT], np.random.default_rng(4))
    frames = [as_jpeg(plane(portrait, pose)) for pose in poses]
    for show in ([as_jpeg(straight)], [as_jpeg(straight)] * 20, frames):
        challenge = await faces.challenge(CHAT, BLINK, LEFT)
        refused = await faces.login(show, challenge_id=challenge)
        assert refused.json()["type"] == PROBLEM + "login-not-live", refused.text


async def test_a_challenge_counts_in_time_and_for_its_client(
    faces: FaceService, enrolled: str, answer: list[bytes]
) -> None:
    challenge = await faces.challenge(CHAT, BLINK, LEFT)
    other = await faces.login(answer, client=OTHER_CHAT, challenge_id=challenge)
    assert other.json()["type"] == PROBLEM + "login-challenge-other-client"
    challenge = await faces.challenge(CHAT, BLINK, LEFT)
    clock = faces.core.challenges._clock
    faces.core.challenges._clock = lambda: clock() + 45.0
    late = await faces.login(answer, challenge_id=challenge)
    assert late.json()["type"] == PROBLEM + "login-challenge-expired"


async def test_the_claimed_person_is_checked_one_to_one(faces: FaceService, enrolled: str, answer: list[bytes]) -> None:
    files = [("frames", (f"{n}.jpg", frame, "image/jpeg")) for n, frame in enumerate(answer)]
    for person, verified in ((enrolled, True), ("f" * 32, False)):
        data = {"client": CHAT, "person_id": person, "challenge_id": await faces.challenge(CHAT, BLINK, LEFT)}
        said = await faces.http.post("/v1/verify", data=data, files=files, headers=faces.service)
        assert said.json()["verified"] is verified, said.text
    assert faces.core.sessions.active() == []


async def test_the_phone_replay_is_known_by_the_passive_models(faces: FaceService, faces_folder: Path) -> None:
    engine, antispoof = faces.core.engine, faces.core.login._antispoof
    assert antispoof is not None
    values = []
    for name in ("image_T1.jpg", "image_F2.jpg"):
        picture = np.asarray(cv2.imread(str(faces_folder / "spoof" / name)), np.uint8)
        values.append(antispoof.real_probability(picture, engine.detect(picture)[0]))
    assert values[0] > 0.99
    assert values[1] < 0.01


async def test_the_passive_models_are_on_where_they_lie_in_the_data_folder(
    make_service: MakeService, antispoof_folder: Path, tmp_path: Path
) -> None:
    async with make_service() as faces:
        assert not faces.core.passive
    (tmp_path / "antispoof").symlink_to(antispoof_folder)
    async with make_service() as faces:
        assert faces.core.passive


async def test_deleting_a_person_ends_their_devices(faces: FaceService, enrolled: str) -> None:
    faces.core.devices.admit_chat("telegram:77", vouched_by="invitation", person_id=enrolled)
    assert (await faces.http.delete(f"/v1/people/{enrolled}", headers=faces.admin)).status_code == 204
    assert (await faces.ask("telegram:77")).status_code == 403
