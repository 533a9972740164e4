"""What a detector is asked at each point of its grids, and how wrong its answer is."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from hackai_compression.networks.detector import STRIDES, FireDetector, Raw

#: A point answers for a box when it is at most so many strides from the box's centre (FCOS's centre sampling).
CENTRE_RADIUS = 1.5
#: Side of the boxes, in strides, that the points of a grid answer for. Neighbouring ranges overlap: a box between
#: two grids teaches both.
SIDES = {STRIDES[0]: (0.0, 8.0), STRIDES[1]: (3.0, 8.0), STRIDES[2]: (3.0, float("inf"))}
#: Weight of the boxes beside the scores.
BOX_WEIGHT = 2.0


@dataclass(frozen=True)
class Target:
    """The boxes of one picture: corners (M, 4) in pixels of the input, class indices (M,).

    Where nobody knows whether a class is there: `unknown` (U, 4) in pixels, `unknown_classes` (U,).
    """

    corners: Tensor
    classes: Tensor
    unknown: Tensor = field(default_factory=lambda: torch.zeros(0, 4))
    unknown_classes: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))


def detection_loss(network: FireDetector, raw: Raw, targets: list[Target]) -> Tensor:
    """Quality focal loss of the scores plus generalised IoU of the boxes, per answering point.

    A point in an `unknown` place says of that class what it likes, unless it answers for a box.
    """
    predicted = network.corners(raw.distances)
    quality = torch.zeros_like(raw.logits)
    known = torch.ones_like(raw.logits)
    box_losses, weights = [], []
    answering = 0
    for index, target in enumerate(targets):
        for place, kind in zip(target.unknown, target.unknown_classes, strict=True):
            known[index, _within(network.points, place), kind] = 0
        points, matched = assign(network.points, network.strides, target)
        if not len(points):
            continue
        answering += len(points)
        overlap, generalised = iou(predicted[index, points], target.corners[matched])
        # The score learns how good the box is, so that the best box of a fire also ranks first.
        agreed = overlap.detach().clamp(0, 1)
        quality[index, points, target.classes[matched]] = agreed
        known[index, points, target.classes[matched]] = 1
        box_losses.append((1 - generalised) * agreed.clamp_min(0.1))
        weights.append(agreed.clamp_min(0.1))
    scores = raw.logits.sigmoid()
    focus = (quality - scores).abs().square()
    entropy = functional.binary_cross_entropy_with_logits(raw.logits, quality, reduction="none")
    loss = (known * focus * entropy).sum() / max(1, answering)
    if box_losses:
        loss = loss + BOX_WEIGHT * torch.cat(box_losses).sum() / torch.cat(weights).sum()
    return loss


def assign(points: Tensor, strides: Tensor, target: Target) -> tuple[Tensor, Tensor]:
    """(indices of the points that answer, index of the box of each); of several boxes the smallest counts."""
    if not len(target.corners):
        empty = torch.zeros(0, dtype=torch.long)
        return empty, empty
    left_top, right_bottom = target.corners[:, :2], target.corners[:, 2:]
    centre = (left_top + right_bottom) / 2
    side = (right_bottom - left_top).clamp_min(1e-6).prod(dim=1).sqrt()
    inside = ((points[:, None] > left_top) & (points[:, None] < right_bottom)).all(dim=2)
    near = ((points[:, None] - centre).abs() <= CENTRE_RADIUS * strides[:, None]).all(dim=2)
    sides = side[None, :] / strides
    fits = torch.zeros_like(inside)
    for stride, (low, high) in SIDES.items():
        fits |= (strides == stride) & (sides >= low) & (sides < high)
    cost = torch.where(inside & near & fits, side[None, :], float("inf"))
    smallest, matched = cost.min(dim=1)
    chosen = torch.nonzero(smallest.isfinite()).flatten()
    return chosen, matched[chosen]


def iou(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """(intersection over union, generalised IoU), row by row of boxes (P, 4). Rezatofighi et al., 2019."""
    shared = (torch.minimum(first[:, 2:], second[:, 2:]) - torch.maximum(first[:, :2], second[:, :2])).clamp_min(0)
    hull = torch.maximum(first[:, 2:], second[:, 2:]) - torch.minimum(first[:, :2], second[:, :2])
    intersection = shared.prod(dim=1)
    union = _area(first) + _area(second) - intersection
    overlap = intersection / union.clamp_min(1e-6)
    around = hull.prod(dim=1).clamp_min(1e-6)
    return overlap, overlap - (around - union) / around


def _within(points: Tensor, place: Tensor) -> Tensor:
    """Which of the points (K, 2) lie in a box (4,)."""
    return ((points >= place[:2]) & (points <= place[2:])).all(dim=1)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
