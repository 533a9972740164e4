"""The training loop of detectors."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from hackai_compression.augmentation.boxed_views import BoxedView, BoxedViewMaker
from hackai_compression.augmentation.geometry import whole
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import Sample
from hackai_compression.judging.detection_metrics import mean_average_precision
from hackai_compression.networks.detector import FireDetector
from hackai_compression.training.averaging import WeightAverage
from hackai_compression.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from hackai_compression.training.detection_loss import Target, detection_loss
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.train import EpochListener, EpochRecord, learning_rate
from hackai_shared.serving.detector import DEFAULT_OVERLAP, DetectedBox, choose

#: The pretrained trunk moves slower than the head that starts from nothing.
TRUNK_RATE = 0.3
#: Blocks of the trunk's first part (stem, its norm, stages of stride 2 and 4) that keep their ImageNet weights:
#: edges and colours are the same everywhere, and their pixels are most of the cost of a step.
FROZEN_BLOCKS = 4
#: Scores below are no candidates while training is watched: mAP is decided above.
FLOOR = 0.02


def train_detector(
    network: FireDetector,
    maker: BoxedViewMaker,
    validation: Sequence[Sample],
    classes: Sequence[str],
    options: TrainingOptions,
    *,
    seed: int,
    cache: PictureCache,
    frozen: int = FROZEN_BLOCKS,
    checkpoint: Path | None = None,
    on_epoch: EpochListener | None = None,
) -> list[EpochRecord]:
    """Trains in place and leaves the averaged weights of the best validation epoch in `network`.

    `frozen`: how many blocks of the trunk's first part keep their weights.

    In the records `validation_accuracy` is mAP50 and `validation_loss` 1 - mAP50. With `checkpoint`, a run that was
    killed goes on after its last whole epoch.
    """
    torch.manual_seed(seed)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    _freeze(network, frozen)
    optimizer = _optimizer(network, options)
    average = WeightAverage(network, options.average_decay)
    steps = max(1, math.ceil(len(maker) / options.batch_size))
    state = Checkpoint.fresh(network)
    if checkpoint is not None and checkpoint.is_file():
        state = read_checkpoint(checkpoint, network, average.average, optimizer)
    history = [EpochRecord(**row) for row in state.history]
    for epoch in range(len(history), options.epochs):
        began = time.monotonic()
        losses = []
        _train_mode(network)
        for number, loss in enumerate(detection_losses(network, maker, options.batch_size, seed=seed, epoch=epoch)):
            step = epoch * steps + number
            rate = learning_rate(step, steps * options.epochs, options.learning_rate)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["factor"]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), options.clip_norm)
            optimizer.step()
            average.update(network, step)
            losses.append(loss.item())
        found = validate_detector(average.average, validation, classes, cache)
        record = EpochRecord(epoch, sum(losses) / len(losses), 1 - found, found, time.monotonic() - began)
        history.append(record)
        state = state.after(asdict(record), average.average)
        if checkpoint is not None:
            write_checkpoint(checkpoint, state, network, average.average, optimizer)
        if on_epoch is not None:
            on_epoch(record, options.epochs)
    network.load_state_dict(state.best)
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    network.eval()
    return history


@torch.no_grad()
def validate_detector(
    network: FireDetector, samples: Sequence[Sample], classes: Sequence[str], cache: PictureCache
) -> float:
    """mAP50 on unaugmented pictures, whole, with serving's own suppression."""
    network.eval()
    found: list[list[DetectedBox]] = []
    for start in range(0, len(samples), 16):
        pictures = [whole(cache.get(s.path), network.image_size) for s in samples[start : start + 16]]
        boxes, scores = network.decode(network(network.normalise(pixels(pictures))))
        for corners, values in zip(boxes.clamp(0, 1).double().numpy(), scores.double().numpy(), strict=True):
            found.append(choose(corners, values, classes, dict.fromkeys(classes, FLOOR), overlap=DEFAULT_OVERLAP))
    return mean_average_precision(found, samples, classes)


def detection_losses(
    network: FireDetector,
    maker: BoxedViewMaker,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    batches: int | None = None,
) -> Iterator[Tensor]:
    """The loss of each batch of an epoch, at most of the first `batches`; each with the weights of its moment."""
    for shown, targets in islice(_batches(maker, batch_size, seed, epoch), batches):
        yield detection_loss(network, network(network.normalise(shown)), targets)


def _batches(maker: BoxedViewMaker, size: int, seed: int, epoch: int) -> Iterator[tuple[Tensor, list[Target]]]:
    """One epoch of shuffled batches, the same for the same (seed, epoch); a last batch of one is left out."""
    order = np.random.default_rng((seed, epoch)).permutation(len(maker))
    for start in range(0, len(order), size):
        views = [maker.make(int(i), np.random.default_rng((seed, epoch, int(i)))) for i in order[start : start + size]]
        if len(views) > 1:
            yield pixels([v.picture for v in views]), [_target(v) for v in views]


def _target(view: BoxedView) -> Target:
    parts = (view.corners, view.classes, view.unknown, view.unknown_classes)
    return Target(*(torch.from_numpy(part) for part in parts))


def pixels(pictures: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> Tensor:
    """(N, 3, S, S) uint8 of N pictures (S, S, 3)."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


def _freeze(network: FireDetector, blocks: int) -> None:
    for part in list(network.trunk[0].children())[:blocks]:  # type: ignore[arg-type]
        for parameter in part.parameters():
            parameter.requires_grad_(False)


def _train_mode(network: FireDetector) -> None:
    """Training, but the trunk keeps its batch-norm statistics: batches are small, its pictures were many."""
    network.train()
    for layer in network.trunk.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


def _optimizer(network: FireDetector, options: TrainingOptions) -> torch.optim.Optimizer:
    """AdamW; biases and normalisation are not decayed."""
    trunk = {id(p) for p in network.trunk.parameters()}
    groups = []
    for factor, members in (
        (TRUNK_RATE, [p for p in network.parameters() if id(p) in trunk]),
        (1.0, [p for p in network.parameters() if id(p) not in trunk]),
    ):
        for decay, chosen in (
            (options.weight_decay, [p for p in members if p.requires_grad and p.ndim > 1]),
            (0.0, [p for p in members if p.requires_grad and p.ndim <= 1]),
        ):
            groups.append({"params": chosen, "weight_decay": decay, "factor": factor})
    return torch.optim.AdamW(groups, lr=options.learning_rate)
