from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from hackai_compression.augmentation.geometry import whole
from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import FIRE_CLASSES, Dataset
from hackai_compression.errors import JobCancelledError, PruningError, WeightsError
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.weights import fill_features, load_initial, read_state
from hackai_compression.networks.zoo import build
from hackai_compression.training.loss import distillation, feature_distance, smoothed_cross_entropy
from hackai_compression.training.options import DistillationOptions, TrainingOptions
from hackai_compression.training.prune import prune
from hackai_compression.training.qat import quantization_noise
from hackai_compression.training.train import EpochRecord, Teacher, learning_rate, train, validate

pytestmark = pytest.mark.torch
SIZE = 48


def small() -> FireClassifier:
    torch.manual_seed(0)
    return build("squeezenet1_1", 3, SIZE)


@pytest.fixture
def dataset(picture_folder: Path) -> Dataset:
    return read_image_folder(picture_folder / "train", FIRE_CLASSES)


def fit(net: FireClassifier, dataset: Dataset, epochs: int, **more: object) -> list[EpochRecord]:
    return train(
        net,
        dataset,
        dataset,
        TrainingOptions(epochs=epochs, batch_size=8),
        AugmentationPolicy(),
        size=SIZE,
        seed=0,
        cache=PictureCache(),
        **more,  # type: ignore[arg-type]
    )


def test_raw_logits_can_reach_a_loss_that_softmax_before_cross_entropy_cannot() -> None:
    target = torch.tensor([[1.0, 0.0, 0.0]])
    sure = torch.tensor([[50.0, 0.0, 0.0]])
    floor = math.log(math.e + 2) - 1
    assert smoothed_cross_entropy(sure, target, 0.0).item() < 1e-6
    assert smoothed_cross_entropy(sure.softmax(1), target, 0.0).item() == pytest.approx(floor, abs=1e-4)


def test_distillation_is_the_divergence_of_softened_distributions() -> None:
    student, teacher = torch.randn(16, 3), torch.randn(16, 3)
    p, q = (teacher / 3).softmax(1), (student / 3).softmax(1)
    expected = (p * (p / q).log()).sum(1).mean() * 9
    assert distillation(student, teacher, 3.0).item() == pytest.approx(expected.item(), rel=1e-4)
    assert distillation(teacher, teacher, 3.0).item() == pytest.approx(0, abs=1e-6)


def test_attention_maps_compare_networks_of_any_width() -> None:
    wide, narrow = torch.rand(2, 64, 8, 8), torch.rand(2, 16, 4, 4)
    assert feature_distance(narrow, wide).item() > 0
    assert feature_distance(wide, wide * 2).item() == pytest.approx(0, abs=1e-6)


def test_the_same_seed_gives_the_same_network_and_a_resumed_run_as_well(dataset: Dataset, tmp_path: Path) -> None:
    whole, again, resumed = small(), small(), small()
    history = fit(whole, dataset, 3)
    fit(again, dataset, 3)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), again.parameters(), strict=True))

    class PowerCutError(RuntimeError):
        pass

    def cut(record: EpochRecord, _: int) -> None:
        if record.epoch == 1:
            raise PowerCutError

    checkpoint = tmp_path / "checkpoint.pt"
    with pytest.raises(PowerCutError):
        fit(resumed, dataset, 3, checkpoint=checkpoint, on_epoch=cut)
    fresh = small()
    continued = fit(fresh, dataset, 3, checkpoint=checkpoint)
    assert [r.validation_loss for r in continued] == pytest.approx([r.validation_loss for r in history], rel=1e-5)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(whole.parameters(), fresh.parameters(), strict=True))


def test_the_teacher_is_only_asked(dataset: Dataset) -> None:
    teacher = build("resnet18", 3, SIZE)
    teacher.train()
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    fit(small(), dataset, 1, teacher=Teacher(teacher, DistillationOptions(feature_weight=1.0)))
    assert not teacher.training
    assert all(torch.equal(before[k], v) for k, v in teacher.state_dict().items())
    assert all(p.grad is None for p in teacher.parameters())


def test_a_cancelled_job_stops_after_the_epoch(dataset: Dataset) -> None:
    def cancel(_: EpochRecord, __: int) -> None:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        fit(small(), dataset, 50, on_epoch=cancel)


def test_the_schedule_warms_up_and_cools_down() -> None:
    options = TrainingOptions(learning_rate=1.0)
    rates = [learning_rate(s, 100, options.learning_rate) for s in range(100)]
    assert rates[0] < rates[4] == pytest.approx(1.0)
    assert rates[-1] < 0.02
    assert rates[5:] == sorted(rates[5:], reverse=True)


def test_a_frozen_backbone_is_pruned_all_the_same() -> None:
    net = small()
    for parameter in net.features.parameters():
        parameter.requires_grad_(False)
    result = prune(
        net, SIZE, ratio=1.5, iterations=2, round_to=8, importance="magnitude",
        losses=lambda: iter(()), recover=lambda _: None,
    )  # fmt: skip
    assert result.ratio >= 1.5 * 0.98


def test_a_ratio_that_cannot_be_reached_fails_the_job() -> None:
    with pytest.raises(PruningError, match="20"):
        prune(
            small(), SIZE, ratio=20, iterations=1, round_to=64, importance="magnitude",
            losses=lambda: iter(()), recover=lambda _: None,
        )  # fmt: skip


def test_quantization_noise_leaves_a_plain_network(dataset: Dataset) -> None:
    net = small()
    names = list(net.state_dict())
    before = net.features[0].weight.detach().clone()
    with quantization_noise(net):
        fit(net, dataset, 1)
    assert list(net.state_dict()) == names
    assert not torch.equal(net.features[0].weight, before)


def test_weights_that_do_not_fit_are_refused_with_the_layer(tmp_path: Path) -> None:
    net = small()
    state = dict(net.features.state_dict())
    first = next(iter(state))
    with pytest.raises(WeightsError, match=first.replace(".", r"\.")):
        fill_features(net.features, {f"x.{k}": v[:1] for k, v in state.items()}, "test")
    with pytest.raises(WeightsError, match="does not exist"):
        load_initial(net, "squeezenet1_1", "file", tmp_path / "none.pt")
    torch.save({"weight": "no tensor"}, tmp_path / "odd.pt")
    with pytest.raises(WeightsError, match="state dict"):
        read_state(tmp_path / "odd.pt")


def test_weights_are_found_by_order_where_names_differ() -> None:
    source, target = small(), build("squeezenet1_1", 3, SIZE)
    renamed = {f"block{i}": v for i, v in enumerate(source.features.state_dict().values())}
    fill_features(target.features, renamed, "test")
    assert torch.equal(source.features[0].weight, target.features[0].weight)


def test_batch_norm_statistics_are_those_of_the_weights_that_are_kept(dataset: Dataset) -> None:
    torch.manual_seed(0)
    # torchvision's momentum for this family is 0.01: running statistics would still be the initial ones.
    net = build("mobilenet_v3_small", 3, SIZE)
    options = TrainingOptions(epochs=2, batch_size=8)
    cache = PictureCache()
    train(net, dataset, dataset, options, AugmentationPolicy.none(), size=SIZE, seed=0, cache=cache)
    first = next(m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d))
    assert first.momentum == pytest.approx(0.01)
    seen: list[torch.Tensor] = []
    first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    pixels = torch.from_numpy(np.stack([whole(cache.get(s.path), SIZE) for s in dataset.samples])).permute(0, 3, 1, 2)
    with torch.no_grad():
        net(net.normalise(pixels))
    # Variances within batches of eight are a little smaller than over all pictures.
    assert torch.allclose(first.running_mean, seen[0].mean(dim=(0, 2, 3)), rtol=0.02, atol=0.01)
    assert torch.allclose(first.running_var, seen[0].var(dim=(0, 2, 3)), rtol=0.2)


def test_the_averaged_network_rounds_by_the_ranges_that_training_found(dataset: Dataset) -> None:
    net = small()
    with quantization_noise(net):
        (record,) = fit(net, dataset, 1)
        loss, _ = validate(net, dataset, SIZE, PictureCache())
    # Epoch 0's averaged weights are what `net` holds now; with ranges of their own left at 0 they would be blind.
    assert record.validation_loss == pytest.approx(loss, rel=1e-5)
