"""Mixed precision and quantization-aware training on a trained network that INT8 breaks: the better one is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from hackai_compression.networks.saved import load_network, save_network
from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.job import Outcome
from hackai_compression.pipeline.run import run_recipe
from hackai_compression.recipes import read_recipe

pytestmark = [pytest.mark.torch, pytest.mark.timeout(240)]

DATA = "size: 32\ndata: {augmentation: {}, validation_fraction: 0.5}"
TRAIN = f"""
name: trained
{DATA}
steps:
  - {{do: train, architecture: squeezenet1_1, training: {{epochs: 25, batch_size: 8, learning_rate: 0.001}}}}
"""
HURT = {f"/network/features/features.3/{layer}/Conv" for layer in ("squeeze", "expand1x1", "expand3x3")}
Fragile = Callable[[float], Path]


@pytest.fixture(scope="module")
def fragile(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Fragile:
    """A trained network with one channel whose range is so many times larger; in FP32 it computes what it did before.

    In INT8 one step of that channel's scale becomes larger than what the other channels say.
    """
    out = tmp_path_factory.mktemp("trained")
    (trained,) = run_recipe(read_recipe(TRAIN), Folders(pictures), out)
    assert trained.figures["validation_accuracy"] == 1.0

    def with_range(factor: float) -> Path:
        network, architecture = load_network(out / str(trained.network))
        fire = network.features[3]
        with torch.no_grad():
            # What comes out of a rectifier is as many times larger; who reads it divides.
            fire.squeeze.weight[0] *= factor
            fire.squeeze.bias[0] *= factor
            for reader in (fire.expand1x1, fire.expand3x3):
                reader.weight[:, 0] /= factor
        save_network(out / f"{factor}.pt", network, architecture)
        return out / f"{factor}.pt"

    return with_range


def quantized(fragile: Path, pictures: Path, out: Path, how: str) -> Outcome:
    recipe = f"""
name: quantized
{DATA}
steps:
  - {{do: load, file: {fragile.name}}}
  - {{do: export}}
  - {{do: quantize, variants: [int8], pictures: 12, methods: [minmax], crops: 0, max_drop: 0.05, {how}}}
"""
    return run_recipe(read_recipe(recipe), Folders(pictures, files=fragile.parent), out)[-1]


def test_exactly_the_layers_that_hurt_go_back_to_fp32(fragile: Fragile, pictures: Path, tmp_path: Path) -> None:
    file = fragile(1000)
    plain = quantized(file, pictures, tmp_path / "plain", "max_fp32_layers: 0")
    mixed = quantized(file, pictures, tmp_path / "mixed", "max_fp32_layers: 4")
    assert plain.figures["validation_accuracy_int8"] < 0.5
    assert mixed.figures["validation_accuracy_int8"] == mixed.figures["validation_accuracy_fp32"] == 1.0
    assert set(mixed.notes[0].split("FP32 kept in ")[1].split(", ")) == HURT
    assert 0 < mixed.figures["bytes_int8"] - plain.figures["bytes_int8"] < 50_000


@pytest.fixture(scope="module")
def damaged(fragile: Fragile, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float, bytes]:
    """A network that loses much in INT8 but not all, the accuracy that is left, and the INT8 file."""
    low, high = 300.0, 1000.0
    for _ in range(10):
        factor = (low * high) ** 0.5
        out = tmp_path_factory.mktemp("plain")
        outcome = quantized(fragile(factor), pictures, out, "max_fp32_layers: 0")
        left = outcome.figures["validation_accuracy_int8"]
        if 0.4 < left < 0.9:
            return fragile(factor), left, (out / outcome.variants["int8"]).read_bytes()
        low, high = (factor, high) if left >= 0.9 else (low, factor)
    pytest.fail("no range breaks it in part")


def test_retraining_that_helps_is_kept(damaged: tuple[Path, float, bytes], pictures: Path, tmp_path: Path) -> None:
    file, left, _ = damaged
    how = "max_fp32_layers: 0, qat: {epochs: 30, batch_size: 4, learning_rate: 0.003, average_decay: 0.9}"
    aware = quantized(file, pictures, tmp_path, how)
    assert aware.figures["validation_accuracy_int8"] > left
    assert aware.notes[-1].startswith("kept the retrained network")
    # The reference stays the network as it was before: what retraining gives up is measured against it.
    assert Path(aware.variants["fp32"]).parent != Path(aware.variants["int8"]).parent
    assert Path(aware.variants["fp32"]).parent.name.endswith("-export")


def test_retraining_that_spoils_the_network_is_discarded(
    damaged: tuple[Path, float, bytes], pictures: Path, tmp_path: Path
) -> None:
    file, left, plain = damaged
    # A decay of everything at once, and no gradient that could bring anything back: the answer is always the same.
    how = "epochs: 1, batch_size: 8, learning_rate: 1.0, weight_decay: 1.0, clip_norm: 1.0e-30, average_decay: 0"
    spoilt = quantized(file, pictures, tmp_path, f"max_fp32_layers: 0, qat: {{{how}}}")
    assert spoilt.notes[-1].startswith(f"discarded the retrained network: {left:.4f} without, 0.33")
    assert spoilt.figures["validation_accuracy_int8"] == left
    assert (tmp_path / spoilt.variants["int8"]).read_bytes() == plain
