"""Every architecture of the zoo through every kind of step: a few real steps at a small size."""

from __future__ import annotations

from pathlib import Path

import pytest

from hackai_compression.networks.zoo import FAMILIES
from hackai_compression.pipeline.data import Folders
from hackai_compression.pipeline.run import run_recipe
from hackai_compression.recipes import read_recipe
from hackai_shared.serving.package import open_package

pytestmark = [pytest.mark.torch, pytest.mark.timeout(600)]

#: The student comes last, so that what is exported and judged is the large network itself.
CHAIN = """
name: chain
size: {size}
data: {{augmentation: {{}}, validation_fraction: 0.3}}
budget: {{max_quantization_drop: 1.0, min_recall: 0}}
steps:
  - {{do: train, architecture: {architecture}, training: {{epochs: 1, batch_size: 8}}}}
  - {{do: prune, ratio: 1.2, iterations: 1, importance: magnitude, final: {{epochs: 1, batch_size: 8}}}}
  - {{do: export}}
  - {{do: quantize, variants: [{variants}], pictures: 8, methods: [minmax], max_fp32_layers: 0}}
  - {{do: judge, repetitions: 5}}
  - {{do: distill, architecture: squeezenet1_1, teacher: {{step: train}}, training: {{epochs: 1, batch_size: 8}}}}
"""
#: ONNX Runtime's integer convolution refuses what this network pads its last 2x2 maps to.
SIZES = {"efficientnet_lite0": 64}
#: Their blocks are those of ResNet50: the second quantization of 300 MB would show nothing new.
ONE_VARIANT = {"resnet152", "wide_resnet50_2", "vit_b_16"}


@pytest.mark.parametrize("architecture", FAMILIES)
def test_train_prune_export_quantize_judge_and_teach(architecture: str, pictures: Path, tmp_path: Path) -> None:
    variants = "int8" if architecture in ONE_VARIANT else "int8, int8-trt"
    recipe = read_recipe(CHAIN.format(architecture=architecture, size=SIZES.get(architecture, 32), variants=variants))
    by_name = {o.step: o for o in run_recipe(recipe, Folders(pictures), tmp_path)}
    assert by_name["prune"].figures["macs_ratio"] >= 1.2 * 0.98
    package = open_package(tmp_path / str(by_name["judge"].package))
    assert package.manifest.architecture == architecture
    fp32, int8 = package.variant("fp32")[0], package.variant("int8")[0]
    # Small networks carry relatively more names and scales; from 10 MB on it is what the issue of size is about.
    assert fp32.size_bytes / int8.size_bytes >= (3.4 if fp32.size_bytes > 10_000_000 else 2.4)
    verdict = by_name["judge"].verdict
    assert verdict is not None
    assert [e.pictures for e in verdict.evaluations] == [24] * len(package.manifest.variants)
    assert by_name["distill"].architecture == "squeezenet1_1"
    assert len(by_name["distill"].history) == 1
