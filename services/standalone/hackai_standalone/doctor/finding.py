"""What a check says, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hackai_shared.config import HackAIConfig


@dataclass(frozen=True)
class Finding:
    """One result: the issue, where it is, and what mends it."""

    check: str
    level: Literal["ok", "warning", "problem"]
    issue: str
    suggestion: str = ""


@dataclass(frozen=True)
class Patient:
    """What the doctor examines."""

    config_path: Path
    config: HackAIConfig | None
    """None when it does not load: the checks that need it say nothing."""
    models_dir: Path
    data_dir: Path
    ports: dict[str, int]
    environment: dict[str, str]


Check = Callable[[Patient], Iterable[Finding]]
