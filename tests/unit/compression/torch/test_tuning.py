from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import FIRE_CLASSES, Dataset
from hackai_compression.errors import RecipeError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.division import divide
from hackai_compression.networks.zoo import build
from hackai_compression.training.options import DistillationOptions, TuningOptions
from hackai_compression.training.probe import fit_probe
from hackai_compression.training.train import Teacher
from hackai_compression.training.tune import tune

pytestmark = pytest.mark.torch
SIZE = 48
OPTIONS = TuningOptions(views=2, epochs=2, draws=64, batch_size=16)


@pytest.fixture
def dataset(picture_folder: Path) -> Dataset:
    return read_image_folder(picture_folder / "train", FIRE_CLASSES)


def network(architecture: str = "squeezenet1_1") -> FireClassifier:
    torch.manual_seed(0)
    return build(architecture, 3, SIZE).eval()


def tuned(dataset: Dataset, options: TuningOptions, teacher: Teacher | None = None) -> FireClassifier:
    net = network()
    tune(
        net,
        dataset,
        dataset,
        options,
        AugmentationPolicy(),
        place="9",
        size=SIZE,
        seed=0,
        evenness=0.5,
        cache=PictureCache(),
        teacher=teacher,
    )
    return net


@pytest.mark.parametrize(("architecture", "place"), [("efficientnet_lite0", "2.6.0"), ("squeezenet1_1", "9")])
def test_front_and_rear_are_the_network(architecture: str, place: str) -> None:
    net = network(architecture)
    front, rear = divide(net, place)
    pixels = torch.randn(2, 3, SIZE, SIZE)
    with torch.no_grad():
        assert torch.allclose(rear(front(pixels)), net.features(pixels), atol=1e-6)


def test_a_place_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(RecipeError, match=r"no place '2\.9'.*2\.5\.3, 2\.6\.0, 3, 4"):
        divide(network("efficientnet_lite0"), "2.9")


def test_a_probe_finds_what_can_be_told_apart_on_a_line() -> None:
    torch.manual_seed(0)
    pooled = torch.randn(300, 6) * torch.tensor([1.0, 30.0, 0.1, 1.0, 1.0, 1.0])
    targets = torch.nn.functional.one_hot((pooled[:, 1] > 5).long(), 2).float()
    head = torch.nn.Conv2d(6, 2, 1)
    fit_probe(head, pooled, targets, decay=1e-4)
    found = head(pooled[:, :, None, None])[:, :, 0, 0].argmax(1)
    assert (found == targets.argmax(1)).float().mean() > 0.97


def test_the_front_stays_as_it_was_and_the_rear_learns(dataset: Dataset) -> None:
    before, after = network().state_dict(), tuned(dataset, OPTIONS).state_dict()
    for name, value in before.items():
        moved = not torch.equal(value, after[name])
        assert moved == (not name.startswith("features.") or int(name.split(".")[1]) >= 9), name


def test_the_same_seed_tunes_to_the_same_weights(dataset: Dataset) -> None:
    first, second = (tuned(dataset, OPTIONS).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_averaged_wholly_back_only_the_probe_is_left(dataset: Dataset) -> None:
    before = network().state_dict()
    after = tuned(dataset, OPTIONS.model_copy(update={"kept_of_probe": 1.0})).state_dict()
    assert all(torch.allclose(before[n], after[n]) for n in before if n.startswith("features."))
    assert not torch.equal(before["head.weight"], after["head.weight"])


def test_caution_speaks_for_harmless_and_for_nothing_else(dataset: Dataset) -> None:
    plain, cautious = (tuned(dataset, OPTIONS.model_copy(update={"caution": c})).head.bias for c in (0.0, 1.5))
    assert plain is not None
    assert cautious is not None
    assert (cautious - plain).tolist() == pytest.approx([0.0, 1.5, 0.0], abs=1e-6)


def test_a_teacher_that_alone_counts_is_believed(dataset: Dataset) -> None:
    teacher = network()
    with torch.no_grad():
        teacher.head.weight.zero_()
        assert teacher.head.bias is not None
        teacher.head.bias.copy_(torch.tensor([4.0, 0.0, 0.0]))
    options = OPTIONS.model_copy(update={"epochs": 6, "learning_rate": 0.01, "average_decay": 0.5})
    taught = tuned(dataset, options, Teacher(teacher, DistillationOptions(weight=1.0)))
    pixels = torch.full((1, 3, SIZE, SIZE), 120, dtype=torch.uint8)
    with torch.no_grad():
        assert taught(taught.normalise(pixels))[0].softmax(1)[0, 0] > 0.8
