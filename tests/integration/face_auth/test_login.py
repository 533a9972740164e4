"""Logins with real models: known and unknown faces, a phone replay, challenges, lock-out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.integration.face_auth.conftest import FaceService, MakeService, Perform, as_jpeg, turn

from hackai_face_auth.engine.faces import FaceEngine, Pixels
from hackai_face_auth.liveness.challenge import Movement
from hackai_shared.config.faces import FacesConfig, LivenessConfig
from hackai_shared.security import KeySet, verify_session

# Shows its subject straight, sharp and large enough for head movements to be made of it.
ACTOR = "deepface_id07"


@pytest.fixture
def photos(faces_folder: Path) -> list[Path]:
    return sorted((faces_folder / "people" / ACTOR).glob("*.jpg"))


@pytest.fixture
def straight(photos: Sequence[Path]) -> Pixels:
    picture = cv2.imread(str(next(path for path in photos if path.name == "img30.jpg")))
    assert picture is not None
    return np.asarray(picture, np.uint8)


@pytest.fixture
async def enrolled(faces: FaceService, photos: Sequence[Path]) -> str:
    """The actor's id, enrolled with photos other than the one that logs in."""
    for path in photos:
        if path.name != "img30.jpg":
            answer = await faces.enrol("Actor", path, role="operator")
            if answer.status_code == 201:
                return str(answer.json()["person_id"])
    pytest.fail("no photo passes the gates")


async def test_a_selfie_logs_in(faces: FaceService, enrolled: str, straight: Pixels) -> None:
    answer = await faces.login([as_jpeg(straight)])
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["name"], body["role"], body["live"]) == ("Actor", "operator", False)
    claims = verify_session(body["token"], KeySet.of(faces.core.key.public_key()))
    assert (claims.sub, claims.client) == (enrolled, "telegram:1")
    assert faces.audited()[-1][:2] == ("login", "allowed")
    logout = await faces.http.delete(f"/v1/sessions/{claims.jti}", headers={"Authorization": f"Bearer {body['token']}"})
    assert logout.status_code == 204
    gone = await faces.http.get(f"/v1/people/{enrolled}", headers={"Authorization": f"Bearer {body['token']}"})
    assert gone.status_code == 401


async def test_a_stranger_is_refused_and_audited(faces: FaceService, enrolled: str, faces_folder: Path) -> None:
    strangers = sorted((faces_folder / "impostors").glob("*.jpg"))[:4]
    for path in strangers:
        answer = await faces.login([path.read_bytes()])
        assert answer.status_code in (403, 422), answer.text
    refusals = [detail for action, outcome, detail in faces.audited() if (action, outcome) == ("login", "refused")]
    assert len(refusals) == 4
    assert any(detail.startswith("unknown-face") for detail in refusals)


async def test_five_failures_lock(faces: FaceService, enrolled: str, straight: Pixels, faces_folder: Path) -> None:
    stranger = sorted((faces_folder / "impostors").glob("*.jpg"))[0].read_bytes()
    statuses = [(await faces.login([stranger])).status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    locked = await faces.login([as_jpeg(straight)])  # the right face does not help while locked
    assert (locked.status_code, locked.json()["type"]) == (429, "urn:hackai:problem:login-locked")
    assert 0 < int(locked.headers["retry-after"]) <= 61
    assert (await faces.login([as_jpeg(straight)], client="telegram:2")).status_code == 201


async def test_the_phone_replay_is_refused_and_the_genuine_capture_passes(
    faces: FaceService, faces_folder: Path
) -> None:
    genuine, replay = (faces_folder / "spoof" / name for name in ("image_T1.jpg", "image_F2.jpg"))
    # The genuine one looks aside, which a login may and an enrolment may not much: enrolled through the domain.
    assert (await faces.enrol("Capture", genuine)).status_code == 201
    assert (await faces.login([genuine.read_bytes()])).status_code == 201
    refused = await faces.login([replay.read_bytes()])
    assert refused.status_code == 403
    engine, antispoof = faces.core.engine, faces.core.login._antispoof
    assert antispoof is not None
    values = []
    for path in (genuine, replay):
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        values.append(antispoof.real_probability(picture, engine.detect(picture)[0]))
    assert values[0] > 0.99
    assert values[1] < 0.01


def fixed(faces: FaceService, *movements: Movement) -> None:
    """Let the next challenge ask for these movements."""

    book = faces.core.challenges
    book._steps = len(movements)
    order = list(movements)

    class Chance:
        def choice(self, _options: Sequence[Movement]) -> Movement:
            return order.pop(0)

    book._chance = Chance()  # type: ignore[assignment]


@pytest.mark.parametrize(
    "movements",
    [
        (Movement.TURN_LEFT, Movement.BLINK),
        (Movement.BLINK, Movement.TURN_RIGHT),
        (Movement.TURN_RIGHT, Movement.TURN_LEFT),
    ],
)
async def test_a_head_that_does_what_was_asked_for(
    faces: FaceService, enrolled: str, straight: Pixels, perform: Perform, movements: tuple[Movement, ...]
) -> None:
    fixed(faces, *movements)
    challenge = await faces.challenge()
    assert challenge["movements"] == [movement.value for movement in movements]
    frames = [as_jpeg(frame) for frame in perform(straight, challenge["movements"])]
    answer = await faces.login(frames, challenge_id=challenge["challenge_id"])
    assert answer.status_code == 201, answer.text
    assert answer.json()["live"] is True


async def test_the_other_movements_fail(faces: FaceService, enrolled: str, straight: Pixels, perform: Perform) -> None:
    fixed(faces, Movement.TURN_LEFT, Movement.BLINK)
    challenge = await faces.challenge()
    frames = [as_jpeg(frame) for frame in perform(straight, ["turn_right", "blink"])]
    answer = await faces.login(frames, challenge_id=challenge["challenge_id"])
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:hackai:problem:login-not-live")


async def test_a_still_picture_never_passes_the_active_challenge(
    faces: FaceService, enrolled: str, straight: Pixels, engine: FaceEngine
) -> None:
    points = engine.detect(straight)[0].points
    rng = np.random.default_rng(0)
    # Looped, noisy, turned as a flat print, moved by hand: none of it is a head.
    shows = {
        "looped": [straight] * 20,
        "noisy": [np.clip(straight + rng.normal(0, 4, straight.shape), 0, 255).astype(np.uint8) for _ in range(20)],
        "print turned": [
            turn(straight, points, degrees, flat=True) for degrees in (*range(0, 50, 5), *range(45, -1, -5))
        ],
    }
    for name, show in shows.items():
        for asked in ((Movement.TURN_LEFT,), (Movement.TURN_RIGHT,), (Movement.BLINK,)):
            faces.core.login.lockouts.succeeded("client:telegram:1", f"identity:{enrolled}")
            fixed(faces, *asked)
            challenge = await faces.challenge()
            answer = await faces.login([as_jpeg(frame) for frame in show], challenge_id=challenge["challenge_id"])
            assert answer.json()["type"] == "urn:hackai:problem:login-not-live", (name, asked, answer.text)


async def test_a_challenge_counts_once_in_time_and_for_its_client(
    faces: FaceService, enrolled: str, straight: Pixels, perform: Perform
) -> None:
    fixed(faces, Movement.BLINK)
    challenge = await faces.challenge()
    frames = [as_jpeg(frame) for frame in perform(straight, challenge["movements"])]
    identity = {"challenge_id": challenge["challenge_id"]}
    assert (await faces.login(frames, **identity)).status_code == 201
    replayed = await faces.login(frames, **identity)
    assert (replayed.status_code, replayed.json()["type"]) == (409, "urn:hackai:problem:login-challenge-unknown")

    fixed(faces, Movement.BLINK)
    challenge = await faces.challenge()
    other = await faces.login(frames, client="telegram:2", challenge_id=challenge["challenge_id"])
    assert other.json()["type"] == "urn:hackai:problem:login-challenge-other-client"

    fixed(faces, Movement.BLINK)
    challenge = await faces.challenge()
    clock = faces.core.challenges._clock
    faces.core.challenges._clock = lambda: clock() + 20.0
    late = await faces.login(frames, challenge_id=challenge["challenge_id"])
    assert late.json()["type"] == "urn:hackai:problem:login-challenge-expired"


async def test_without_passive_models_a_still_never_logs_in(
    make_service: MakeService, photos: Sequence[Path], straight: Pixels, perform: Perform
) -> None:
    async with make_service(FacesConfig()) as faces:
        for path in photos:
            if path.name != "img30.jpg" and (await faces.enrol("Actor", path)).status_code == 201:
                break
        refused = await faces.login([as_jpeg(straight)])
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:hackai:problem:login-not-live")
        fixed(faces, Movement.TURN_LEFT, Movement.BLINK)
        challenge = await faces.challenge()
        frames = [as_jpeg(frame) for frame in perform(straight, challenge["movements"])]
        assert (await faces.login(frames, challenge_id=challenge["challenge_id"])).status_code == 201


async def test_selfies_can_be_ruled_out(
    make_service: MakeService, antispoof_folder: Path, photos: Sequence[Path], straight: Pixels
) -> None:
    liveness = LivenessConfig(antispoof_folder=str(antispoof_folder), accept_selfie=False)
    async with make_service(FacesConfig(liveness=liveness)) as faces:
        for path in photos:
            if path.name != "img30.jpg" and (await faces.enrol("Actor", path)).status_code == 201:
                break
        assert (await faces.login([as_jpeg(straight)])).status_code == 403


async def test_the_claimed_person_is_checked_one_to_one(
    faces: FaceService, enrolled: str, straight: Pixels, faces_folder: Path
) -> None:
    files = [("frames", ("f.jpg", as_jpeg(straight), "image/jpeg"))]
    for person, verified in ((enrolled, True), ("f" * 32, False)):
        data = {"client": "telegram:1", "person_id": person}
        answer = await faces.http.post("/v1/verify", data=data, files=files, headers=faces.service)
        assert answer.json()["verified"] is verified
    assert faces.core.sessions.active() == []


async def test_a_picture_without_a_face_is_no_failure_that_locks(faces: FaceService, enrolled: str) -> None:
    grey = as_jpeg(np.full((240, 320, 3), 90, np.uint8))
    statuses = [(await faces.login([grey])).status_code for _ in range(7)]
    assert statuses == [422] * 7


async def test_a_face_swapped_in_after_the_challenge_fails(
    faces: FaceService, enrolled: str, straight: Pixels, perform: Perform, faces_folder: Path
) -> None:
    """Somebody does the movements and then holds up the picture of a person who is enrolled."""
    fixed(faces, Movement.TURN_LEFT, Movement.BLINK)
    challenge = await faces.challenge()
    attacker = np.asarray(cv2.imread(str(faces_folder / "people" / "deepface_id04" / "img53.jpg")), np.uint8)
    frames = perform(attacker, challenge["movements"])[:18] + [straight] * 20
    answer = await faces.login([as_jpeg(frame) for frame in frames], challenge_id=challenge["challenge_id"])
    assert answer.status_code == 403
