"""A worker is killed in the middle of a step: the next one goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.progress import ProgressEvent
from hackai_compression.pipeline.run import run_recipe
from hackai_compression.recipes import read_recipe

pytestmark = [pytest.mark.torch, pytest.mark.timeout(120)]

RECIPE = read_recipe(
    """
name: pruned
size: 32
data: {augmentation: {}, validation_fraction: 0.3}
steps:
  - {do: train, architecture: squeezenet1_1, training: {epochs: 1, batch_size: 8}}
  - do: prune
    ratio: 1.8
    iterations: 3
    importance: magnitude
    between: {epochs: 1, batch_size: 8}
    final: {epochs: 1, batch_size: 8}
"""
)


class PowerCutError(RuntimeError):
    """The worker is no more."""


def test_pruning_goes_on_after_its_last_iteration(pictures: Path, tmp_path: Path) -> None:
    def cut(event: ProgressEvent) -> None:
        if event.text.startswith("iteration 2"):
            raise PowerCutError

    with pytest.raises(PowerCutError):
        run_recipe(RECIPE, Folders(pictures), tmp_path, cut)
    events: list[ProgressEvent] = []
    pruned = run_recipe(RECIPE, Folders(pictures), tmp_path, events.append)[-1]
    assert [e.text for e in events if e.kind == "message"] == []  # two of three iterations are not done again
    assert pruned.notes[0] == "went on after pruning iteration 2 of 3"
    # The goal is still the one of the whole step, not of what was left of it.
    assert 1.8 * 0.98 <= pruned.figures["macs_ratio"] < 2.2
    assert not list(tmp_path.rglob("checkpoint.pt"))  # spent, and five times as large as the network


def test_a_pruned_network_can_be_loaded_by_the_next_job(pictures: Path, tmp_path: Path) -> None:
    pruned = run_recipe(RECIPE, Folders(pictures), tmp_path / "first")[-1]
    again = read_recipe(
        f"name: again\nsize: 32\nsteps:\n  - {{do: load, file: {pruned.network}}}\n  - {{do: export}}\n"
    )
    exported = run_recipe(again, Folders(pictures, files=tmp_path / "first"), tmp_path / "second")[-1]
    assert exported.figures["parameters"] == pytest.approx(pruned.figures["parameters"], rel=0.01)
