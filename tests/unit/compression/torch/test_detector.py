"""The detector's network, what it is asked, and its export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from hackai_compression.errors import RecipeError, WeightsError
from hackai_compression.exporting.export_detector import export_detector
from hackai_compression.exporting.lint import lint_for_tensorrt
from hackai_compression.judging.cost import measure_cost
from hackai_compression.networks.detectors import (
    CUTS,
    DetectorArchitecture,
    build_detector,
    load_detector,
    save_detector,
)
from hackai_compression.networks.packaged_detector import load_packaged_detector, restore_normalisation
from hackai_compression.task_rules import DETECTOR_ARCHITECTURES
from hackai_compression.training.detection_loss import Target, assign, detection_loss, iou
from hackai_compression.training.prune import prune
from hackai_compression.training.train_detector import pixels

pytestmark = pytest.mark.torch
SIZE = 64


def test_three_grids_answer_for_every_point() -> None:
    network = build_detector("efficientnet_lite0", 2, SIZE).eval()
    raw = network(torch.zeros(2, 3, SIZE, SIZE))
    points = 8 * 8 + 4 * 4 + 2 * 2
    assert raw.logits.shape == (2, points, 2)
    boxes, scores = network.decode(raw)
    assert boxes.shape == (2, points, 4)
    assert (boxes[..., 2:] > boxes[..., :2]).all()
    assert scores.max() < 0.1  # at first everything is background


def test_it_fits_into_eight_megabytes() -> None:
    network = build_detector("efficientnet_lite0", 2, 256)
    assert sum(p.numel() for p in network.parameters()) * 4 < 8e6


def test_an_architecture_without_a_cut_is_refused() -> None:
    with pytest.raises(RecipeError, match="no detector on 'vgg16'"):
        build_detector("vgg16", 2, SIZE)


def test_points_near_the_centre_answer_and_the_smaller_of_two_boxes_wins() -> None:
    network = build_detector("efficientnet_lite0", 2, SIZE)
    small, large = [20.0, 20.0, 44.0, 44.0], [0.0, 0.0, 63.0, 63.0]
    target = Target(torch.tensor([large, small]), torch.tensor([0, 1]))
    points, matched = assign(network.points, network.strides, target)
    centres = network.points[points]
    assert len(points)
    strides = network.strides[points]
    fine = strides[:, 0] == 8
    assert (matched[fine] == 1).any()
    of_small = matched == 1
    assert ((centres[of_small] > 20) & (centres[of_small] < 44)).all()


def test_a_picture_without_boxes_asks_nothing() -> None:
    network = build_detector("efficientnet_lite0", 2, SIZE)
    empty = Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long))
    points, matched = assign(network.points, network.strides, empty)
    assert len(points) == len(matched) == 0
    raw = network(torch.zeros(2, 3, SIZE, SIZE))
    assert detection_loss(network, raw, [empty, empty]).isfinite()


def test_where_nobody_boxed_a_class_nothing_is_asked_of_it() -> None:
    network = build_detector("efficientnet_lite0", 2, SIZE)
    raw = network(torch.rand(1, 3, SIZE, SIZE))
    everywhere = torch.tensor([[0.0, 0.0, SIZE, SIZE]])
    boxed = torch.tensor([[8.0, 8.0, 40.0, 40.0]])
    masked = Target(boxed, torch.tensor([0]), everywhere, torch.tensor([1]))
    (gradient,) = torch.autograd.grad(detection_loss(network, raw, [masked]), raw.logits)
    assert (gradient[..., 1] == 0).all()
    assert (gradient[..., 0] != 0).all()


def test_a_box_in_an_unknown_place_is_learned_all_the_same() -> None:
    network = build_detector("efficientnet_lite0", 2, SIZE)
    raw = network(torch.rand(1, 3, SIZE, SIZE))
    boxed = torch.tensor([[8.0, 8.0, 40.0, 40.0]])
    target = Target(boxed, torch.tensor([0]), torch.tensor([[0.0, 0.0, SIZE, SIZE]]), torch.tensor([0]))
    points, _ = assign(network.points, network.strides, target)
    (gradient,) = torch.autograd.grad(detection_loss(network, raw, [target]), raw.logits)
    asked = torch.nonzero(gradient[0, :, 0]).flatten()
    assert asked.tolist() == points.tolist()


def test_a_package_is_gone_on_from(root: Path) -> None:
    folder = root / "models" / "fire-detector" / "1"
    network, architecture = load_packaged_detector(folder)
    pictures = np.random.default_rng(0).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)
    session = onnxruntime.InferenceSession(str(folder / "model.fp32.onnx"), providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["boxes", "scores"], {"images": pictures})
    shown = pixels(list(pictures))

    def answers() -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            decoded: tuple[Tensor, Tensor] = network.decode(network(network.normalise(shown)))
        return decoded

    assert architecture.classes == ("fire", "smoke")
    assert np.abs(answers()[0].numpy() - boxes).max() < 1e-4
    assert np.abs(answers()[1].numpy() - scores).max() < 1e-4
    restore_normalisation(network, shown)
    network.train()  # the batch's own statistics now are those that were measured
    for layer in network.trunk.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    assert np.abs(answers()[1].numpy() - scores).max() < 0.01


def test_a_package_of_something_else_is_not_gone_on_from(root: Path) -> None:
    with pytest.raises(WeightsError, match="not a detector that this worker made"):
        load_packaged_detector(root / "models" / "fire-classifier" / "1")
    with pytest.raises(WeightsError, match=r"manifest\.json"):
        load_packaged_detector(root / "models")


def test_recipes_know_the_architectures_that_have_a_cut() -> None:
    assert tuple(CUTS) == DETECTOR_ARCHITECTURES


def test_overlap_and_its_generalisation() -> None:
    first = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1]])
    second = torch.tensor([[0.0, 0, 2, 1], [2, 0, 3, 1]])
    overlap, generalised = iou(first, second)
    assert overlap.tolist() == pytest.approx([0.5, 0.0])
    assert generalised.tolist() == pytest.approx([0.5, -1 / 3])


def test_a_few_steps_find_a_square() -> None:
    torch.manual_seed(0)
    network = build_detector("efficientnet_lite0", 1, SIZE)
    picture = torch.zeros(2, 3, SIZE, SIZE)
    picture[:, :, 16:48, 16:48] = 1
    target = Target(torch.tensor([[16.0, 16, 48, 48]]), torch.tensor([0]))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(25):
        loss = detection_loss(network, network(picture), [target, target])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-5:]) < 0.5 * losses[0]


def test_the_exported_graph_computes_the_same_and_tensorrt_may_take_it(tmp_path: Path) -> None:
    network = build_detector("efficientnet_lite0", 2, SIZE).eval()
    path = tmp_path / "model.onnx"
    export_detector(network, path)
    assert lint_for_tensorrt(path) == []
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["boxes", "scores"], {"images": np.zeros((3, SIZE, SIZE, 3), np.uint8)})
    assert boxes.shape == (3, 84, 4)
    assert scores.shape == (3, 84, 2)


def test_a_saved_detector_is_the_same_when_it_is_loaded(tmp_path: Path) -> None:
    architecture = DetectorArchitecture("efficientnet_lite0", ("fire", "smoke"), SIZE)
    network = architecture.build().eval()
    save_detector(tmp_path / "network.pt", network, architecture)
    loaded, found = load_detector(tmp_path / "network.pt")
    assert found == architecture
    picture = torch.rand(1, 3, SIZE, SIZE)
    assert torch.equal(network(picture).logits, loaded(picture).logits)


@pytest.mark.parametrize("importance", ["taylor", "magnitude"])
def test_a_pruned_detector_has_its_ratio_its_heads_and_a_file(importance: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    architecture = DetectorArchitecture("efficientnet_lite0", ("fire", "smoke"), SIZE)
    network = architecture.build()
    target = Target(torch.tensor([[16.0, 16, 48, 48]]), torch.tensor([0]))

    def losses() -> Iterator[Tensor]:
        yield detection_loss(network, network(torch.rand(2, 3, SIZE, SIZE)), [target, target])

    result = prune(
        network, SIZE, ratio=1.5, iterations=1, round_to=8, importance=importance,
        losses=losses, recover=lambda _: None,
    )  # fmt: skip
    assert 1.5 * 0.98 <= result.ratio < 1.8
    assert result.parameters_after < result.parameters_before

    save_detector(tmp_path / "network.pt", network.eval(), architecture)
    loaded, _ = load_detector(tmp_path / "network.pt")
    picture = torch.rand(1, 3, SIZE, SIZE)
    assert loaded(picture).logits.shape == (1, 84, 2)
    assert torch.equal(network(picture).distances, loaded(picture).distances)
    export_detector(loaded, tmp_path / "model.onnx")  # raises when ONNX Runtime computes something else
    assert lint_for_tensorrt(tmp_path / "model.onnx") == []


def test_a_network_whose_outputs_nobody_protects_is_not_pruned() -> None:
    with pytest.raises(TypeError, match="Sequential"):
        prune(
            nn.Sequential(nn.Conv2d(3, 8, 1)), SIZE, ratio=1.5, iterations=1, round_to=8, importance="magnitude",
            losses=lambda: iter(()), recover=lambda _: None,
        )  # fmt: skip


def test_another_file_is_no_detector(tmp_path: Path) -> None:
    torch.save({"state_dict": {}}, tmp_path / "x.pt")
    with pytest.raises(WeightsError, match="not a detector"):
        load_detector(tmp_path / "x.pt")


def test_padding_is_written_down_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_detector(build_detector("efficientnet_lite0", 2, SIZE).eval(), path)
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert not operators & {"Ceil", "Floor", "Range", "Pad", "ConstantOfShape"}
    # Where every shape is known, the cost can be counted: most of it is in convolutions of the trunk.
    assert measure_cost(path).macs > 2e7
