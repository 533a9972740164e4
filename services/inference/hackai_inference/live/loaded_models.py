"""Which models judge: the classifier and its versions, the second opinion, the detector; loaded as configured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import structlog

from hackai_inference.live.model_cascade import ModelCascade
from hackai_inference.models.detectors import SecondLooks
from hackai_inference.models.judgement import named
from hackai_inference.models.registry import ActiveModel, Registry
from hackai_shared.config.base import Section
from hackai_shared.config.detection import InferenceConfig
from hackai_shared.serving.package import PackageError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LoadedModels:
    """The loaded models; classifier and detector may be replaced by another version at any time."""

    registry: Registry
    opinion: Optional[ActiveModel] = None
    detectors: Optional[SecondLooks] = None

    @property
    def names(self) -> str:
        """The classifiers that a budget is measured with, as :attr:`Judgement.judges` of a suspicious frame."""
        return named([self.registry.active.ref] + ([self.opinion.ref] if self.opinion is not None else []))

    @property
    def last_word(self) -> ActiveModel:
        """The classifier whose probabilities count where there is a suspicion."""
        return self.registry.active if self.opinion is None else self.opinion

    def eyes(self, max_pixels: int) -> ModelCascade:
        """Return the models as they look at frames."""
        return ModelCascade(
            lambda: self.registry.active,
            opinion=self.opinion,
            detector=None if self.detectors is None else self.detectors.find,
            max_pixels=max_pixels,
        )


def load_judges(models_dir: Path, state_dir: Path, config: InferenceConfig) -> LoadedModels:
    """Verify, load and try every model that is configured.

    The usual second opinion and the usual detector may be missing, since not everybody has their packages; one that was
    asked for by name must not.

    Raises:
        PackageError: a package cannot be used; the message gives the reason for each version.
        RuntimeUnavailable: the runtime cannot be used here.
    """
    registry = _registry(models_dir, state_dir, config, config.model, config.variant)
    registry.load()
    opinion = _opinion(models_dir, state_dir, config, registry.active)
    return LoadedModels(registry, opinion, _detectors(models_dir, state_dir, config))


def _opinion(models_dir: Path, state_dir: Path, config: InferenceConfig, first: ActiveModel) -> Optional[ActiveModel]:
    wanted = config.second_opinion
    if wanted.model is None:
        return None
    if _usual_and_missing(wanted, wanted.model, models_dir):
        log.warning("no second opinion: its package is not there", model=wanted.model, models_dir=str(models_dir))
        return None
    opinion = _registry(models_dir, state_dir, config, wanted.model, wanted.variant).load()
    if opinion.classifier.classes != first.classifier.classes:
        raise PackageError(
            f"inference.second_opinion.model: {wanted.model} knows {list(opinion.classifier.classes)}, "
            f"{first.ref.name} knows {list(first.classifier.classes)}; it must know the same classes"
        )
    return opinion


def _detectors(models_dir: Path, state_dir: Path, config: InferenceConfig) -> Optional[SecondLooks]:
    wanted = config.detector
    if wanted.model is None:
        return None
    if _usual_and_missing(wanted, wanted.model, models_dir):
        log.warning(
            "no detector: its package is not there, boxes come from the classifier",
            model=wanted.model,
            models_dir=str(models_dir),
        )
        return None
    detectors = SecondLooks(models_dir, state_dir, config)
    detectors.load()
    return detectors


def _usual_and_missing(wanted: Section, name: str, models_dir: Path) -> bool:
    return "model" not in wanted.model_fields_set and not (models_dir / name).is_dir()


def _registry(models_dir: Path, state_dir: Path, config: InferenceConfig, name: str, variant: str) -> Registry:
    return Registry(models_dir, state_dir, name, runtime=config.runtime, variant=variant, threads=config.threads)
