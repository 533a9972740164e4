"""Tunes the rear of a pretrained network on what its front saw once: minutes on one core instead of hours.

What ImageNet taught the front is kept as it is, because it holds in places that the training pictures do not show;
statistics of batch normalisation are kept for the same reason.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.datasets.balance import drawing_weights
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import HARMLESS, Dataset
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.networks.division import divide
from hackai_compression.training.averaging import WeightAverage
from hackai_compression.training.loader import view_batches
from hackai_compression.training.loss import distillation, smoothed_cross_entropy
from hackai_compression.training.options import TuningOptions
from hackai_compression.training.probe import fit_probe
from hackai_compression.training.train import EpochListener, EpochRecord, Teacher, learning_rate, validate

#: Views per call of the front.
_BATCH = 32
#: Pictures are drawn for the probe: each view of the data counts by its weight, to this many rows.
_PROBE_ROWS = 12_000


@dataclass(frozen=True)
class Seen:
    """What the front saw: features (N, K, h, w) float16, targets (N, C), and the teacher's logits (N, C) if any.

    The rows are the views of the data one after another, `len(dataset)` rows each.
    """

    features: Tensor
    targets: Tensor
    opinions: Tensor | None


def tune(
    network: FireClassifier,
    training: Dataset,
    validation: Dataset,
    options: TuningOptions,
    augmentation: AugmentationPolicy,
    *,
    place: str,
    size: int,
    seed: int,
    evenness: float,
    cache: PictureCache,
    teacher: Teacher | None = None,
    on_view: Callable[[int, int], None] | None = None,
    on_epoch: EpochListener | None = None,
) -> list[EpochRecord]:
    """Tune in place: a probe for the head, then the rear from `place` on, averaged, and averaged back.

    The first view of each picture is serving's own, the others are as `augmentation` makes them. Validation chooses
    nothing here; it is only told. Raises `RecipeError` for a place that the network does not have.
    """
    torch.manual_seed(seed)
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    front, rear = divide(network, place)
    makers = [
        ViewMaker(training, size, augmentation if number else AugmentationPolicy.none(), cache)
        for number in range(options.views)
    ]
    seen = look(network, front, makers, seed, teacher, on_view)
    weights = _row_weights(training, evenness, options.views)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    _probe(network, rear, seen, weights, options, generator)
    before = copy.deepcopy(network.state_dict())
    trained = _Rear(rear, network.dropout, network.head)
    average = WeightAverage(trained, options.average_decay)
    optimizer = _optimizer(trained, options)
    steps = max(1, options.draws // options.batch_size)
    history: list[EpochRecord] = []
    for epoch in range(options.epochs):
        began, losses = time.monotonic(), []
        network.dropout.train()
        for number in range(steps):
            step = epoch * steps + number
            rate = learning_rate(step, steps * options.epochs, options.learning_rate)
            for group in optimizer.param_groups:
                group["lr"] = rate
            rows = torch.multinomial(weights, options.batch_size, replacement=True, generator=generator)
            loss = _loss(trained, seen, rows, options, teacher, rng)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(trained.parameters(), options.clip_norm)
            optimizer.step()
            average.update(trained, step)
            losses.append(loss.item())
        network.dropout.eval()
        last = epoch == options.epochs - 1
        if last:
            trained.load_state_dict(average.average.state_dict())
            _average_back(network, before, options.kept_of_probe)
            _be_cautious(network, training.classes, options.caution)
        val_loss, accuracy = validate(network, validation, size, cache)
        history.append(EpochRecord(epoch, sum(losses) / len(losses), val_loss, accuracy, time.monotonic() - began))
        if on_epoch is not None:
            on_epoch(history[-1], options.epochs)
    network.eval()
    return history


@torch.no_grad()
def look(
    network: FireClassifier,
    front: nn.Module,
    makers: Sequence[ViewMaker],
    seed: int,
    teacher: Teacher | None,
    on_view: Callable[[int, int], None] | None,
) -> Seen:
    """Show the front one view of every picture by each maker."""
    features, targets, opinions = [], [], []
    if teacher is not None:
        teacher.network.eval()
    for number, maker in enumerate(makers):
        for batch in view_batches(maker, _BATCH, seed, number):
            pixels = network.normalise(batch.pixels)
            features.append(front(pixels).half())
            targets.append(batch.targets)
            if teacher is not None:
                opinions.append(teacher.network(pixels)[0])
        if on_view is not None:
            on_view(number + 1, len(makers))
    return Seen(torch.cat(features), torch.cat(targets), torch.cat(opinions) if opinions else None)


class _Rear(nn.Module):
    def __init__(self, rear: nn.Module, dropout: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.rear, self.dropout, self.head = rear, dropout, head

    def forward(self, features: Tensor) -> Tensor:
        cam: Tensor = self.head(self.dropout(self.rear(features)))
        return cam.mean(dim=(2, 3))


def _row_weights(training: Dataset, evenness: float, views: int) -> Tensor:
    return torch.from_numpy(np.tile(drawing_weights(training, evenness), views) / views)


def _probe(
    network: FireClassifier,
    rear: nn.Module,
    seen: Seen,
    weights: Tensor,
    options: TuningOptions,
    generator: torch.Generator,
) -> None:
    rows = torch.multinomial(weights, min(_PROBE_ROWS, 3 * len(weights)), replacement=True, generator=generator)
    with torch.no_grad():
        pooled = torch.cat([rear(seen.features[i : i + _BATCH].float()).mean(dim=(2, 3)) for i in _starts(seen)])
    fit_probe(network.head, pooled[rows], seen.targets[rows], decay=options.probe_decay)


def _starts(seen: Seen) -> range:
    return range(0, len(seen.targets), _BATCH)


def _loss(
    rear: _Rear,
    seen: Seen,
    rows: Tensor,
    options: TuningOptions,
    teacher: Teacher | None,
    rng: np.random.Generator,
) -> Tensor:
    features, targets = seen.features[rows].float(), seen.targets[rows]
    opinions = seen.opinions[rows] if seen.opinions is not None else None
    if options.mixup > 0:
        share = float(rng.beta(options.mixup, options.mixup))
        other = torch.from_numpy(rng.permutation(len(rows)))
        features = share * features + (1 - share) * features[other]
        targets = share * targets + (1 - share) * targets[other]
        opinions = share * opinions + (1 - share) * opinions[other] if opinions is not None else None
    logits = rear(features.contiguous(memory_format=torch.channels_last))
    hard = smoothed_cross_entropy(logits, targets, options.label_smoothing)
    if teacher is None or opinions is None:
        return hard
    how = teacher.options
    return (1 - how.weight) * hard + how.weight * distillation(logits, opinions, how.temperature)


def _optimizer(rear: _Rear, options: TuningOptions) -> torch.optim.Optimizer:
    named = [(name, p) for name, p in rear.named_parameters() if p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for _, p in named if p.ndim > 1], "weight_decay": options.weight_decay},
            {"params": [p for _, p in named if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=options.learning_rate,
    )


@torch.no_grad()
def _average_back(network: FireClassifier, before: dict[str, Tensor], share: float) -> None:
    """Move the weights by `share` of the way back to where they were before tuning, the probe included."""
    for name, value in network.state_dict().items():
        if value.dtype.is_floating_point:
            value.lerp_(before[name], share)


@torch.no_grad()
def _be_cautious(network: FireClassifier, classes: tuple[str, ...], logits: float) -> None:
    if logits and HARMLESS in classes and network.head.bias is not None:
        network.head.bias[classes.index(HARMLESS)] += logits
