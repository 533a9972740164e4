"""Runs the other model on a share of the live frames, on a thread of its own that the live loop never waits for."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

import structlog
from typing_extensions import Literal

from hackai_inference.models.judgement import Judgement
from hackai_inference.models.registry import ActiveModel, Registry
from hackai_inference.models.versions import NothingToRollBackTo, UnknownModel
from hackai_inference.shadow.rules import PROBATION_FRAMES, objections, reason_to_roll_back
from hackai_inference.shadow.samples import SampleFolder
from hackai_inference.shadow.tally import Tally
from hackai_shared.messages import utc_now
from hackai_shared.serving.decoding import ImageError
from hackai_shared.serving.package import PackageError
from hackai_shared.serving.preprocessing import load_for
from hackai_shared.serving.session import SessionError

log = structlog.get_logger(__name__)

# Frames that wait for the other model; more are passed over, and counted.
WAITING = 2
Phase = Literal["shadow", "probation", "ended"]


class NotPromotable(RuntimeError):
    """The evidence does not allow it; the message gives every reason."""

    def __init__(self, reasons: List[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class NoShadow(LookupError):
    """No version is compared with the active one."""


class _Frame(NamedTuple):
    camera: str
    jpeg: bytes
    judgement: Judgement


@dataclass
class Comparison:
    """One comparison; in the phase ``probation`` the other model is the predecessor of the active one."""

    other: ActiveModel
    active_version: int
    share: float
    samples: SampleFolder
    phase: Phase = "shadow"
    tally: Tally = field(default_factory=Tally)
    before: Optional[Tally] = None
    passed_over: int = 0
    other_s: float = 0.0
    active_s: float = 0.0
    ended: str = ""


class Shadow:
    """Compares one other version with the active one; safe to call from several threads."""

    def __init__(self, registry: Registry, folder: Path, *, max_pixels: int) -> None:
        self._registry = registry
        self._folder = folder
        self._max_pixels = max_pixels
        self._frames: "queue.Queue[Optional[_Frame]]" = queue.Queue(WAITING)
        self._credit: Dict[str, float] = {}
        self._failures_in_a_row = 0
        self._changing = threading.Lock()
        self._comparison: Optional[Comparison] = None
        self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
        self._thread.start()
        self.on_rolled_back: Callable[[], None] = lambda: None

    def start(self, name: str, version: int, share: float) -> Comparison:
        """Compare a version with the active one from now on; a comparison before ends.

        Raises:
            UnknownModel, PackageError, SessionError: the version cannot be used, see :meth:`Registry.open`.
        """
        with self._changing:
            active = self._registry.active
            if (name, version) == (active.ref.name, active.ref.version):
                raise PackageError(f"{name}/{version} is the active version")
            other = self._registry.open(name, version, "auto")
            self._comparison = self._new(other, active.ref.version, share)
            log.info("shadow begins", model=name, version=version, share=share)
            return self._comparison

    def stop(self, name: str) -> Comparison:
        """End the comparison; return it.

        Raises:
            NoShadow: there is none.
        """
        with self._changing:
            comparison = self.of(name)
            self._end(comparison, "stopped")
            return comparison

    def of(self, name: str) -> Comparison:
        """Return the comparison of a model, also one that has ended.

        Raises:
            NoShadow: there was none since the service started.
        """
        comparison = self._comparison
        if comparison is None or comparison.other.ref.name != name:
            raise NoShadow(f"no version of {name} is compared with the active one")
        return comparison

    def promote(self, name: str) -> Comparison:
        """Let the candidate judge, and its predecessor watch it; return the comparison of its probation.

        Raises:
            NoShadow: there is no candidate.
            NotPromotable: the evidence does not allow it.
            UnknownModel, PackageError, SessionError: it cannot be activated (a missing gate report is one reason).
        """
        with self._changing:
            past = self.of(name)
            if past.phase != "shadow":
                raise NoShadow(f"no version of {name} is compared with the active one")
            if past.active_version != self._registry.active.ref.version:
                raise NotPromotable(["another version was activated meanwhile: compare it with that one"])
            reasons = objections(past.tally)
            if reasons:
                raise NotPromotable(reasons)
            former = self._registry.active
            self._registry.activate(name, past.other.ref.version)
            self._failures_in_a_row = 0
            probation = self._new(former, past.other.ref.version, max(past.share, 0.1))
            probation.phase, probation.before = "probation", past.tally
            self._comparison = probation
            log.info("candidate promoted", model=name, version=past.other.ref.version, before=former.ref.version)
            return probation

    def judged(self, camera: str, jpeg: bytes, judgement: Judgement) -> None:
        """Take note of a live frame; returns at once, the frame is passed over where the other model is busy."""
        comparison = self._comparison
        if comparison is None or comparison.phase == "ended":
            return
        if judgement.model.ref.version == comparison.active_version:
            self._failures_in_a_row = 0
        credit = self._credit.get(camera, 0.0) + comparison.share
        self._credit[camera] = credit % 1.0
        if credit < 1.0:
            return
        try:
            self._frames.put_nowait(_Frame(camera, jpeg, judgement))
        except queue.Full:
            comparison.passed_over += 1

    def failed(self) -> None:
        """Take note that the active model failed on a live frame."""
        comparison = self._comparison
        if comparison is not None and comparison.phase == "probation":
            self._failures_in_a_row += 1
            self._consider(comparison)

    def unhealthy(self, reason: str) -> None:
        """Take note that the service is not healthy: a version on probation must go."""
        comparison = self._comparison
        if comparison is not None and comparison.phase == "probation":
            self._roll_back(comparison, reason)

    def close(self) -> None:
        """Stop the thread."""
        comparison = self._comparison
        if comparison is not None:
            comparison.phase = "ended"
        self._frames.put(None)
        self._thread.join(2.0)

    def _work(self) -> None:
        while True:
            frame = self._frames.get()
            if frame is not None:
                self._take(frame)
            self._frames.task_done()
            if frame is None:
                return

    def _take(self, frame: _Frame) -> None:
        comparison = self._comparison
        if comparison is None or comparison.phase == "ended":
            return
        if frame.judgement.model.ref.version != comparison.active_version:
            return  # what the model before judged says nothing about this pair
        try:
            self._compare(comparison, frame)
        except (ImageError, SessionError) as error:
            comparison.tally.fail()
            log.warning("the other model failed on a frame", camera=frame.camera, error=str(error))
        except OSError as error:
            log.warning("a disagreement was not kept", camera=frame.camera, error=str(error))
        except Exception:  # one frame that breaks something must not end the comparison without a word
            comparison.tally.fail()
            log.exception("comparing a frame failed", camera=frame.camera)
        self._consider(comparison)

    def _compare(self, comparison: Comparison, frame: _Frame) -> None:
        spec, seen = comparison.other.manifest.input, frame.judgement.model.manifest.input
        if (spec.height, spec.width, spec.resize) == (seen.height, seen.width, seen.resize):
            pixels = frame.judgement.pixels
        else:  # what a zone hides from the active model is then not hidden from the other
            pixels = load_for(spec, frame.jpeg, max_pixels=self._max_pixels)
        started = time.perf_counter()
        other = comparison.other.classifier.classify([pixels])[0]
        comparison.other_s += time.perf_counter() - started
        comparison.active_s += frame.judgement.infer_ms / 1000
        found = comparison.tally.note(frame.judgement.result.probabilities, other.probabilities)
        if found is not None:
            comparison.samples.keep(frame.camera, frame.jpeg, found, utc_now())

    def _consider(self, comparison: Comparison) -> None:
        if comparison.phase != "probation" or comparison.before is None:
            return
        reason = reason_to_roll_back(comparison.before, comparison.tally, self._failures_in_a_row)
        if reason is None:
            if comparison.tally.compared >= PROBATION_FRAMES:
                self._end(comparison, f"trusted after {comparison.tally.compared} frames")
            return
        self._roll_back(comparison, reason)

    def _roll_back(self, comparison: Comparison, reason: str) -> None:
        with self._changing:
            if comparison.ended:
                return  # another thread was faster
            if self._registry.active.ref.version != comparison.active_version:
                self._end(comparison, "another version was activated")
                return
            name = comparison.other.ref.name
            try:
                self._registry.rollback(name)
            except (UnknownModel, NothingToRollBackTo, PackageError, SessionError) as error:
                log.error("a promoted version must go, but cannot", model=name, reason=reason, error=str(error))
                self._end(comparison, f"{reason}; rolling back failed: {error}")
                return
            self._end(comparison, f"rolled back: {reason}")
            log.error("promoted version rolled back", model=name, version=comparison.active_version, reason=reason)
        self.on_rolled_back()

    def _new(self, other: ActiveModel, active_version: int, share: float) -> Comparison:
        samples = SampleFolder(self._folder / other.ref.name)
        return Comparison(other, active_version, share, samples)

    def _end(self, comparison: Comparison, why: str) -> None:
        comparison.phase = "ended"
        comparison.ended = why
