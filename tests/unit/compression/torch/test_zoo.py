"""One test per topology: builds, maps, prunes, comes back from disk, exports, passes the lint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hackai_compression.exporting.export import ServingGraph, export_onnx
from hackai_compression.exporting.lint import lint_for_tensorrt
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.saved import Architecture, load_network, save_network
from hackai_compression.networks.zoo import FAMILIES, build
from hackai_compression.training.prune import prune

pytestmark = pytest.mark.torch
CLASSES = ("fire", "no_fire", "start_fire")
#: Slow to export and to prune; the whole chain runs on them in tests/integration/compression/test_large.py.
LARGE = {"resnet152", "wide_resnet50_2", "vgg16", "vit_b_16"}
SIZE = 64


def network(architecture: str) -> FireClassifier:
    torch.manual_seed(0)
    return build(architecture, 3, SIZE)


@pytest.mark.parametrize("architecture", [a for a in FAMILIES if a not in LARGE])
def test_an_architecture_from_scratch_to_a_pruned_export(architecture: str, tmp_path: Path) -> None:
    net = network(architecture).eval()
    pixels = torch.randint(0, 256, (2, 3, SIZE, SIZE), dtype=torch.uint8)
    with torch.no_grad():
        logits, cam = net(net.normalise(pixels))
    assert logits.shape == (2, 3)
    assert torch.allclose(cam.mean(dim=(2, 3)), logits, atol=1e-5)

    result = prune(
        net,
        SIZE,
        ratio=1.3,
        iterations=1,
        round_to=8,
        importance="magnitude",
        losses=lambda: iter(()),
        recover=lambda _: None,
    )
    assert result.ratio >= 1.3 * 0.98
    assert result.parameters_after < result.parameters_before
    channels = [m.out_channels for m in net.modules() if isinstance(m, torch.nn.Conv2d) and m is not net.head]
    assert sum(c % 8 == 0 for c in channels) > 0.9 * len(channels)

    save_network(tmp_path / "network.pt", net, Architecture(architecture, CLASSES, SIZE))
    again, saved = load_network(tmp_path / "network.pt")
    net.eval()
    with torch.no_grad():
        expected, found = net(net.normalise(pixels))[0], again(again.normalise(pixels))[0]
    assert torch.allclose(found, expected, atol=1e-5)
    assert saved.name == architecture

    path = tmp_path / "model.onnx"
    export_onnx(again, SIZE, path)  # raises when ONNX Runtime computes something else
    assert lint_for_tensorrt(path) == []


def test_folding_the_normalisation_changes_nothing() -> None:
    net = network("squeezenet1_1").eval()
    images = torch.randint(0, 256, (3, SIZE, SIZE, 3), dtype=torch.uint8)
    graph = ServingGraph(net).eval()
    assert graph.folded
    with torch.no_grad():
        expected = net(net.normalise(images.permute(0, 3, 1, 2)))[0]
        assert torch.allclose(graph(images)[0], expected, atol=1e-3)


def test_padded_first_convolutions_are_not_folded() -> None:
    assert not ServingGraph(network("resnet18")).folded
