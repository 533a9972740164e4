"""A login: a device that is known, its challenge, liveness, recognition, session; every outcome is audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hackai_face_auth.audit import AuditTrail
from hackai_face_auth.capture import Capture, capture, movements_of, real_probabilities
from hackai_face_auth.devices import Device, DeviceBook
from hackai_face_auth.engine.faces import FaceEngine
from hackai_face_auth.engine.video import Frame
from hackai_face_auth.errors import DeviceUnknown, GalleryTampered, Throttled
from hackai_face_auth.gallery import GalleryIndex
from hackai_face_auth.liveness.book import Challenge, ChallengeBook
from hackai_face_auth.liveness.judge import judge
from hackai_face_auth.liveness.passive import AntiSpoof, aggregate
from hackai_face_auth.lockout import LockoutBook
from hackai_face_auth.recognition import Decision, identify, verify
from hackai_face_auth.sessions import SessionBook
from hackai_shared.config.faces import FacesConfig
from hackai_shared.messages import Actor
from hackai_shared.security import SessionClaims


@dataclass(frozen=True)
class LoginAttempt:
    """What a client submits; ``client`` is named by the calling service, such as ``telegram:<chat>``.

    ``secret`` is the one of a paired browser; a chat has none, its messenger proves it.
    """

    client: str
    frames: Sequence[Frame]
    challenge_id: str
    secret: str = ""
    mirrored: bool = False
    claimed: str | None = None


@dataclass(frozen=True)
class LoginResult:
    """``refusal`` is a short word where no session was made; ``detail`` is for the person."""

    token: str = ""
    claims: SessionClaims | None = None
    refusal: str = ""
    detail: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class _Liveness:
    passed: bool
    reason: str
    # For the audit trail alone: a figure would help whoever tries out pictures.
    note: str = ""


class Login:
    """The whole of a login; blocking, for a worker thread."""

    def __init__(
        self,
        engine: FaceEngine,
        antispoof: AntiSpoof | None,
        index: GalleryIndex,
        devices: DeviceBook,
        challenges: ChallengeBook,
        lockouts: LockoutBook,
        sessions: SessionBook,
        audit: AuditTrail,
        config: FacesConfig,
    ) -> None:
        self._engine = engine
        self._antispoof = antispoof
        self._index = index
        self._devices = devices
        self._challenges = challenges
        self.lockouts = lockouts
        self._sessions = sessions
        self._audit = audit
        self._config = config

    def begin(self, client: str, secret: str = "") -> Challenge:
        """Return a challenge for a device that is known; it counts as a failed attempt until one is passed.

        So whoever asks again and again for a challenge that suits them waits like somebody who fails.

        Raises:
            DeviceUnknown: no device that was listed, invited or paired.
            Throttled: too many challenges of this device were not passed.
        """
        device = self._prove(client, secret, "challenge")
        wait_s = self.lockouts.remaining_s(_source(client))
        if wait_s > 0:
            self._audit.record(actor_of(client), "challenge", "refused", detail=f"locked for {wait_s:.0f} s")
            raise Throttled(wait_s)
        self.lockouts.failed(_source(client))
        challenge = self._challenges.issue(client)
        detail = f"{device.how}, vouched for by {device.vouched_by}"
        self._audit.record(actor_of(client), "challenge", "allowed", target=device.person_id, detail=detail)
        return challenge

    def attempt(self, attempt: LoginAttempt, *, issue: bool = True) -> LoginResult:
        """Return a session (with ``issue``), or why there is none.

        Raises:
            DeviceUnknown: no device that was listed, invited or paired.
            GalleryTampered: a row of the gallery was changed; nobody is let in.
        """
        device = self._prove(attempt.client, attempt.secret, "login")
        taken = self._challenges.take(attempt.challenge_id, attempt.client)
        if taken.challenge is None:
            return self._refused(attempt, f"challenge-{taken.refusal}", "ask for a new challenge")
        seen = capture(self._engine, attempt.frames)
        if not seen.views:
            return self._refused(attempt, "no-face", "no face was found; come closer and face the light")
        if 2 * seen.crowded > seen.frames:
            return self._refused(attempt, "several-faces", "several people are in the picture; be alone in it")
        decision = self._decide(attempt, seen)
        if decision.person is None:
            return self._refused(attempt, "unknown-face", decision.reason, score=decision.score)
        person = decision.person
        if device.person_id not in ("", person.person_id) and device.how != "paired":
            return self._refused(
                attempt, "other-person", "this chat belongs to somebody else", target=person.person_id,
                score=decision.score,
            )  # fmt: skip
        liveness = self._liveness(attempt, seen, taken.challenge)
        if not liveness.passed:
            return self._refused(
                attempt, "not-live", liveness.reason, target=person.person_id, note=liveness.note, score=decision.score
            )
        self.lockouts.succeeded(_source(attempt.client))
        if not issue:
            self._audit.record(actor_of(attempt.client), "verify", "allowed", target=person.person_id)
            return LoginResult(score=decision.score)
        self._devices.bind(device, person.person_id)
        token, claims = self._sessions.issue(person, attempt.client, live=True)
        actor = actor_of(attempt.client).model_copy(update={"name": person.name, "proof": f"session:{claims.jti}"})
        detail = f"{device.how} device, cosine {decision.score:.3f}, {liveness.reason}, {liveness.note}"
        self._audit.record(actor, "login", "allowed", target=person.person_id, detail=detail)
        return LoginResult(token, claims, score=decision.score)

    def _prove(self, client: str, secret: str, action: str) -> Device:
        try:
            return self._devices.prove(client, secret)
        except DeviceUnknown as error:
            self._audit.record(actor_of(client), action, "refused", detail=str(error))
            raise

    def _decide(self, attempt: LoginAttempt, seen: Capture) -> Decision:
        threshold = self._config.threshold
        try:
            gallery = self._index.current()
        except GalleryTampered as error:
            self._audit.record(actor_of(attempt.client), "login", "failed", detail=str(error))
            raise
        if attempt.claimed:
            return verify(gallery, attempt.claimed, seen.embeddings, threshold=threshold)
        return identify(gallery, seen.embeddings, threshold=threshold, margin=self._config.margin)

    def _liveness(self, attempt: LoginAttempt, seen: Capture, challenge: Challenge) -> _Liveness:
        config = self._config.liveness
        if self._antispoof is not None:
            real = aggregate(real_probabilities(self._antispoof, seen))
            if real < config.antispoof_threshold:
                return _Liveness(False, "this looks like a picture of a face", f"real: {real:.2f}")
        moves = movements_of(self._engine, seen)
        verdict = judge(moves, challenge.steps, config, mirrored=attempt.mirrored)
        return _Liveness(verdict.passed, verdict.reason, verdict.note)

    def _refused(
        self,
        attempt: LoginAttempt,
        refusal: str,
        detail: str,
        *,
        target: str = "",
        score: float = 0.0,
        note: str = "",
    ) -> LoginResult:
        facts = [f"{refusal}: {detail}", note, f"cosine {score:.3f}" if score else ""]
        trail = "; ".join(fact for fact in facts if fact)
        self._audit.record(actor_of(attempt.client), "login", "refused", target=target, detail=trail)
        return LoginResult(refusal=refusal, detail=detail, score=score)


def actor_of(client: str) -> Actor:
    """Return whom a client name (``telegram:42``) means, as an actor of the audit trail."""
    channel, _, rest = client.partition(":")
    if channel in ("telegram", "rest", "cli", "dashboard") and rest:
        return Actor(channel=channel, id=rest)
    return Actor(channel="rest", id=client)


def _source(client: str) -> str:
    """Return the key of a source: never whom somebody claims to be, or a stranger could lock out the victim."""
    return f"client:{client}"
