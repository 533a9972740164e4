"""A login: lock-out, challenge, liveness, recognition, session; every outcome is audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hackai_face_auth.audit import AuditTrail
from hackai_face_auth.capture import Capture, capture, movements_of, real_probabilities
from hackai_face_auth.engine.faces import FaceEngine, Pixels
from hackai_face_auth.errors import GalleryTampered
from hackai_face_auth.gallery import GalleryIndex
from hackai_face_auth.liveness.book import ChallengeBook
from hackai_face_auth.liveness.challenge import Movement, judge
from hackai_face_auth.liveness.passive import AntiSpoof, aggregate
from hackai_face_auth.lockout import LockoutBook
from hackai_face_auth.recognition import Decision, identify, verify
from hackai_face_auth.sessions import SessionBook
from hackai_shared.config.faces import FacesConfig
from hackai_shared.messages import Actor
from hackai_shared.security import SessionClaims


@dataclass(frozen=True)
class LoginAttempt:
    """What a client submits; ``client`` is named by the calling service, such as ``telegram:<chat>``."""

    client: str
    pictures: Sequence[Pixels]
    challenge_id: str | None = None
    mirrored: bool = False
    claimed: str | None = None


@dataclass(frozen=True)
class LoginResult:
    """``refusal`` is a short word where no session was made; ``detail`` is for the person, ``locked_s`` for waiting."""

    token: str = ""
    claims: SessionClaims | None = None
    refusal: str = ""
    detail: str = ""
    locked_s: float = 0.0
    score: float = 0.0


@dataclass(frozen=True)
class _Liveness:
    passed: bool
    active: bool
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
        challenges: ChallengeBook,
        lockouts: LockoutBook,
        sessions: SessionBook,
        audit: AuditTrail,
        config: FacesConfig,
    ) -> None:
        self._engine = engine
        self._antispoof = antispoof
        self._index = index
        self._challenges = challenges
        self.lockouts = lockouts
        self._sessions = sessions
        self._audit = audit
        self._config = config

    def attempt(self, attempt: LoginAttempt, *, issue: bool = True) -> LoginResult:
        """Return a session (with ``issue``), or why there is none.

        Raises:
            GalleryTampered: a row of the gallery was changed; nobody is let in.
        """
        client_key = f"client:{attempt.client}"
        keys = [client_key] + ([f"identity:{attempt.claimed}"] if attempt.claimed else [])
        wait_s = self.lockouts.remaining_s(*keys)
        # The challenge is used up in any case: an answer that comes too early, too late or while locked is gone.
        movements, refusal = self._take_challenge(attempt)
        if wait_s > 0:
            return self._refused(attempt, "locked", "too many failed logins", locked_s=wait_s)
        if refusal:
            # Late is what happens to honest people with slow connections; the others are replays.
            count = [] if refusal == "expired" else [client_key]
            return self._refused(attempt, f"challenge-{refusal}", "ask for a new challenge", count=count)
        seen = capture(self._engine, attempt.pictures)
        if not seen.views:
            # Not an attack, and nothing learnt from it: a photo without a face does not count towards a lock.
            return self._refused(attempt, "no-face", "no face was found; come closer and face the light")
        if 2 * seen.crowded > seen.frames:
            return self._refused(attempt, "several-faces", "several people are in the picture; be alone in it")
        decision = self._decide(attempt, seen)
        liveness = self._liveness(attempt, seen, movements)
        return self._conclude(attempt, decision, liveness, issue=issue)

    def _take_challenge(self, attempt: LoginAttempt) -> tuple[Sequence[Movement] | None, str]:
        if attempt.challenge_id is None:
            return None, ""
        taken = self._challenges.take(attempt.challenge_id, attempt.client)
        return (taken.challenge.movements if taken.challenge else None), taken.refusal

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

    def _liveness(self, attempt: LoginAttempt, seen: Capture, movements: Sequence[Movement] | None) -> _Liveness:
        config = self._config.liveness
        if self._antispoof is not None:
            real = aggregate(real_probabilities(self._antispoof, seen))
            if real < config.antispoof_threshold:
                return _Liveness(False, False, "this looks like a picture of a face", f"real: {real:.2f}")
        if movements is not None:
            verdict = judge(movements_of(self._engine, seen), movements, config, mirrored=attempt.mirrored)
            return _Liveness(verdict.passed, verdict.passed, verdict.reason)
        if self._antispoof is None or not config.accept_selfie:
            return _Liveness(False, False, "a still picture is not enough here: answer a challenge")
        return _Liveness(True, False, "passive check passed")

    def _conclude(self, attempt: LoginAttempt, decision: Decision, liveness: _Liveness, *, issue: bool) -> LoginResult:
        client_key = f"client:{attempt.client}"
        person = decision.person
        if person is None:
            claimed = [f"identity:{attempt.claimed}"] if attempt.claimed else []
            return self._refused(
                attempt, "unknown-face", decision.reason, count=[client_key, *claimed], score=decision.score
            )
        identity_key = f"identity:{person.person_id}"
        if not liveness.passed:
            # Somebody holds up this person's picture: it counts against both.
            return self._refused(
                attempt,
                "not-live",
                liveness.reason,
                count=[client_key, identity_key],
                target=person.person_id,
                note=liveness.note,
            )
        wait_s = self.lockouts.remaining_s(identity_key)
        if wait_s > 0:
            return self._refused(attempt, "locked", "too many failed logins", locked_s=wait_s, target=person.person_id)
        self.lockouts.succeeded(client_key, identity_key)
        if not issue:
            self._audit.record(actor_of(attempt.client), "verify", "allowed", target=person.person_id)
            return LoginResult(score=decision.score)
        token, claims = self._sessions.issue(person, attempt.client, live=liveness.active)
        actor = actor_of(attempt.client).model_copy(update={"name": person.name, "proof": f"session:{claims.jti}"})
        detail = f"cosine {decision.score:.3f}, {liveness.reason}"
        self._audit.record(actor, "login", "allowed", target=person.person_id, detail=detail)
        return LoginResult(token, claims, score=decision.score)

    def _refused(
        self,
        attempt: LoginAttempt,
        refusal: str,
        detail: str,
        *,
        count: Sequence[str] = (),
        locked_s: float = 0.0,
        target: str = "",
        score: float = 0.0,
        note: str = "",
    ) -> LoginResult:
        locked_s = max(locked_s, self.lockouts.failed(*count) if count else 0.0)
        facts = [f"{refusal}: {detail}", note, f"cosine {score:.3f}" if score else ""]
        facts.append(f"locked for {locked_s:.0f} s" if locked_s else "")
        trail = "; ".join(fact for fact in facts if fact)
        self._audit.record(actor_of(attempt.client), "login", "refused", target=target, detail=trail)
        return LoginResult(refusal=refusal, detail=detail, locked_s=locked_s, score=score)


def actor_of(client: str) -> Actor:
    """Return whom a client name (``telegram:42``) means, as an actor of the audit trail."""
    channel, _, rest = client.partition(":")
    if channel in ("telegram", "rest", "cli", "dashboard") and rest:
        return Actor(channel=channel, id=rest)
    return Actor(channel="rest", id=client)
