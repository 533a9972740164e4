"""The configuration as ``up``, ``config check`` and the doctor read it: what a service refuses, all three refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from hackai_shared.config import ConfigError, ConfigProblem, HackAIConfig, load_config


def load_usable_config(path: Path, models: Path, environment: Mapping[str, str]) -> HackAIConfig:
    """Return the configuration in a file.

    Raises:
        ConfigError: it is wrong in itself, or a service would refuse it on this machine.
    """
    config = load_config(path, environment)
    problems = [*_faces(config, path, environment), *_models(config, path, models)]
    if problems:
        raise ConfigError(problems)
    return config


def faces_run_here(environment: Mapping[str, str]) -> bool:
    """Return whether there is a face service: installed here, or at an address."""
    installed = find_spec("hackai_face_auth") is not None and find_spec("insightface") is not None
    return installed or bool(environment.get("HACKAI_FACE_AUTH_URL"))


def _faces(config: HackAIConfig, path: Path, environment: Mapping[str, str]) -> Iterator[ConfigProblem]:
    if config.notifier.telegram.login == "face" and not faces_run_here(environment):
        hint = "install it (make faces), set HACKAI_FACE_AUTH_URL, or use login: configuration"
        yield ConfigProblem(str(path), 1, 1, "notifier.telegram.login", "the face service is not installed", hint)


def _models(config: HackAIConfig, path: Path, models: Path) -> Iterator[ConfigProblem]:
    opinion, detector = config.inference.second_opinion, config.inference.detector
    # The usual ones may be missing, one that was asked for by name must not.
    wanted: dict[str, str | None] = {"inference.model": config.inference.model}
    if "model" in opinion.model_fields_set:
        wanted["inference.second_opinion.model"] = opinion.model
    if "model" in detector.model_fields_set:
        wanted["inference.detector.model"] = detector.model
    for key, name in wanted.items():
        if name is not None and not any((models / name).glob("*/manifest.json")):
            found = ", ".join(sorted({manifest.parent.parent.name for manifest in models.glob("*/*/manifest.json")}))
            hint = f"packages in {models}: {found or 'none; set HACKAI_MODELS_DIR'}"
            yield ConfigProblem(str(path), 1, 1, key, f"there is no model package {name!r}", hint)
