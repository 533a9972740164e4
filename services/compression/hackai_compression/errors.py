"""What can go wrong in a compression job, as types that the edges translate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class CompressionError(Exception):
    """Base of every error that this package raises on purpose."""


class DatasetError(CompressionError):
    """A data folder does not hold what was declared."""


class LeakageError(DatasetError):
    """Near-duplicates of held-out pictures are among the training pictures."""

    def __init__(self, pairs: Sequence[tuple[Path, Path, int]]) -> None:
        self.pairs = tuple(pairs)
        shown = "\n".join(f"  {a} ~ {b} (distance {d})" for a, b, d in self.pairs[:20])
        more = f"\n  … and {len(self.pairs) - 20} more" if len(self.pairs) > 20 else ""
        super().__init__(f"{len(self.pairs)} near-duplicate pair(s) cross the split:\n{shown}{more}")


class RecipeError(CompressionError):
    """A recipe is not valid, or its steps do not fit together."""


class WeightsError(CompressionError):
    """Initial weights cannot be found, or do not fit the architecture."""


class PruningError(CompressionError):
    """Pruning did not reach the ratio that was asked for."""

    def __init__(self, wanted: float, achieved: float) -> None:
        self.wanted = wanted
        self.achieved = achieved
        super().__init__(
            f"pruning reached {achieved:.2f}x fewer MACs, the recipe wants {wanted:.2f}x; "
            "nothing is exported from a network that was not pruned"
        )


class ParityError(CompressionError):
    """The exported graph does not compute what the network computes."""


class LintError(CompressionError):
    """A graph breaks rules of the runtime that it is meant for."""

    def __init__(self, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("the graph is refused:\n" + "\n".join(f"  {f}" for f in self.findings))


class GateRefusedError(CompressionError):
    """A model is under one of its floors and does not reach the registry."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("refused by the gate: " + "; ".join(self.reasons))


class ImportRefusedError(CompressionError):
    """A foreign model file cannot become a package; the message says why and what would help."""


class JobCancelledError(CompressionError):
    """Somebody cancelled the job; it stopped at the next safe point."""


class JobTakenOverError(CompressionError):
    """Another worker has the job: this one gave no sign of life for too long, and must leave its files alone."""
