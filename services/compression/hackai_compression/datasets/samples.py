"""The currency of every dataset here: a labelled picture that knows where it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: The order of the logits of every fire classifier that ships.
FIRE_CLASSES = ("fire", "no_fire", "start_fire")
#: The one of them that is no alarm.
HARMLESS = "no_fire"


@dataclass(frozen=True)
class Box:
    """A box in fractions of the picture (0-1): left, top, right, bottom; `kind` as in the labels."""

    kind: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Share of the picture, 0-1."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


@dataclass(frozen=True)
class Sample:
    """One picture. Near-duplicates share a `group`; `source` names the place it was taken from.

    `unboxed`: kinds that may be in the picture and that nobody drew boxes around; without a box of theirs the picture
    says nothing about them.
    """

    path: Path
    label: str
    source: str
    group: str
    boxes: tuple[Box, ...] = field(default=())
    unboxed: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Dataset:
    """A list of samples with the class order that their labels index."""

    classes: tuple[str, ...]
    samples: tuple[Sample, ...]

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def labels(self) -> list[int]:
        """Class index of every sample, in order."""
        index = {name: i for i, name in enumerate(self.classes)}
        return [index[s.label] for s in self.samples]

    @property
    def sources(self) -> list[str]:
        """Every source that occurs, sorted."""
        return sorted({s.source for s in self.samples})

    def counts(self) -> dict[str, int]:
        """Samples per class, every class present (0 when empty)."""
        found = Counter(s.label for s in self.samples)
        return {name: found.get(name, 0) for name in self.classes}

    def where(self, keep: Iterable[bool]) -> Dataset:
        """The samples whose flag is true, in order."""
        return Dataset(self.classes, tuple(s for s, k in zip(self.samples, keep, strict=True) if k))

    def plus(self, others: Sequence[Sample]) -> Dataset:
        """These samples and others."""
        return Dataset(self.classes, self.samples + tuple(others))
