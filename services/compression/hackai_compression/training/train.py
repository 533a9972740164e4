"""The training loop: every way of making a network better runs through it (train, distil, fine-tune)."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from hackai_compression.augmentation.policy import AugmentationPolicy
from hackai_compression.augmentation.views import ViewMaker
from hackai_compression.datasets.balance import drawing_weights
from hackai_compression.datasets.pictures import PictureCache
from hackai_compression.datasets.samples import Dataset
from hackai_compression.networks.classifier import FireClassifier
from hackai_compression.training.averaging import WeightAverage
from hackai_compression.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from hackai_compression.training.loader import plain_batches, training_batches
from hackai_compression.training.loss import distillation, feature_distance, smoothed_cross_entropy
from hackai_compression.training.options import DistillationOptions, TrainingOptions

#: Batches of an epoch's end over which the averaged network's batch-norm statistics are taken.
SETTLING_BATCHES = 16


@dataclass(frozen=True)
class EpochRecord:
    """One line of the training curve. Validation is that of the averaged weights."""

    epoch: int
    training_loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Teacher:
    """A network that is only asked: `eval()`, no gradient; `size` is the side that it was trained for."""

    network: FireClassifier
    options: DistillationOptions


#: Called after every epoch; raising `JobCancelledError` in it stops the job at a safe point.
EpochListener = Callable[[EpochRecord, int], None]


def train(
    network: FireClassifier,
    training: Dataset,
    validation: Dataset,
    options: TrainingOptions,
    augmentation: AugmentationPolicy,
    *,
    size: int,
    seed: int,
    cache: PictureCache,
    evenness: float = 0.0,
    teacher: Teacher | None = None,
    checkpoint: Path | None = None,
    on_epoch: EpochListener | None = None,
) -> list[EpochRecord]:
    """Trains in place and leaves the averaged weights of the best validation epoch in `network`.

    The test set is no argument: it cannot choose anything. With `checkpoint`, a run that was
    killed goes on after its last whole epoch, with the same result as if it had not been.
    """
    torch.manual_seed(seed)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    maker = ViewMaker(training, size, augmentation, cache)
    weights = drawing_weights(training, evenness) if evenness else None
    optimizer = _optimizer(network, options)
    average = WeightAverage(network, options.average_decay)
    steps = max(1, math.ceil(len(maker) / options.batch_size))
    state = Checkpoint.fresh(network)
    if checkpoint is not None and checkpoint.is_file():
        state = read_checkpoint(checkpoint, network, average.average, optimizer)
    if teacher is not None:
        teacher.network.eval()
        teacher.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    history = [EpochRecord(**row) for row in state.history]
    for epoch in range(len(history), options.epochs):
        began = time.monotonic()
        losses = []
        recent: deque[Tensor] = deque(maxlen=SETTLING_BATCHES)
        network.train()
        torch.manual_seed(seed * 7919 + epoch)  # dropout, after a resume as well
        batches = training_batches(maker, options.batch_size, seed, epoch, options.workers, weights)
        for number, batch in enumerate(batches):
            step = epoch * steps + number
            rate = learning_rate(step, steps * options.epochs, options.learning_rate)
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = _loss(network, batch.pixels, batch.targets, options, teacher)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), options.clip_norm)
            optimizer.step()
            average.update(network, step)
            losses.append(loss.item())
            recent.append(batch.pixels)
        # Running statistics belong to the weights of many steps ago (with torchvision's momentum of 0.01 for
        # MobileNetV3, to the first ones), not to the averaged weights: those networks answered the same to everything.
        update_bn((average.average.normalise(pixels) for pixels in recent), average.average)
        val_loss, accuracy = validate(average.average, validation, size, cache)
        record = EpochRecord(epoch, sum(losses) / len(losses), val_loss, accuracy, time.monotonic() - began)
        history.append(record)
        state = state.after(asdict(record), average.average)
        if checkpoint is not None:
            write_checkpoint(checkpoint, state, network, average.average, optimizer)
        if on_epoch is not None:
            on_epoch(record, options.epochs)
    network.load_state_dict(state.best)
    network.eval()
    return history


def learning_rate(step: int, total: int, peak: float) -> float:
    """Linear warm-up over the first 5 % of the steps, then a half cosine to 1 % of the peak."""
    warm = max(1, total // 20)
    if step < warm:
        return peak * (step + 1) / warm
    progress = (step - warm) / max(1, total - warm)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


@torch.no_grad()
def validate(network: FireClassifier, dataset: Dataset, size: int, cache: PictureCache) -> tuple[float, float]:
    """(mean cross-entropy, accuracy 0-1) on unaugmented pictures."""
    network.eval()
    loss, right, seen = 0.0, 0, 0
    for logits, targets in _outputs(network, dataset, size, cache):
        loss += smoothed_cross_entropy(logits, targets, 0.0).item() * len(logits)
        right += int((logits.argmax(1) == targets.argmax(1)).sum())
        seen += len(logits)
    return loss / seen, right / seen


def _outputs(
    network: FireClassifier, dataset: Dataset, size: int, cache: PictureCache
) -> Iterator[tuple[Tensor, Tensor]]:
    for batch in plain_batches(dataset, size, 64, cache):
        yield network(network.normalise(batch.pixels))[0], batch.targets


def _loss(
    network: FireClassifier, pixels: Tensor, targets: Tensor, options: TrainingOptions, teacher: Teacher | None
) -> Tensor:
    normalised = network.normalise(pixels)
    half = options.precision == "bfloat16"
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        if teacher is None:
            return smoothed_cross_entropy(network(normalised)[0].float(), targets, options.label_smoothing)
        how = teacher.options
        features = network.feature_map(normalised)
        logits = network.head(network.dropout(features)).mean(dim=(2, 3)).float()
        with torch.no_grad():
            seen = teacher.network.feature_map(normalised)
            opinion = teacher.network.head(seen).mean(dim=(2, 3)).float()
    hard = smoothed_cross_entropy(logits, targets, options.label_smoothing)
    loss = (1 - how.weight) * hard + how.weight * distillation(logits, opinion, how.temperature)
    if how.feature_weight > 0:
        loss = loss + how.feature_weight * feature_distance(features.float(), seen.float())
    return loss


def _optimizer(network: FireClassifier, options: TrainingOptions) -> torch.optim.Optimizer:
    """AdamW; biases and normalisation are not decayed."""
    decayed = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    plain = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": options.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=options.learning_rate)
