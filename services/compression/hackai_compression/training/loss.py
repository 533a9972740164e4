"""What is minimised: smoothed cross-entropy, and a teacher's softened opinion."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def smoothed_cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Mean cross-entropy of logits (N, C) against target distributions (N, C).

    `smoothing` moves that much of each target to the uniform distribution. The logits are raw:
    a softmax before cross-entropy keeps the loss above ln(e + C - 1) - 1 and trains nothing well.
    """
    classes = logits.shape[1]
    softened = targets * (1 - smoothing) + smoothing / classes
    return -(softened * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()


def distillation(logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """KL(teacher || student) of distributions softened by `temperature`, times its square.

    Hinton et al., "Distilling the knowledge in a neural network", 2015: the square keeps the
    gradient's size independent of the temperature; `batchmean` is the mathematical KL (torch's
    default `mean` also divides by the number of classes).
    """
    student = functional.log_softmax(logits / temperature, dim=1)
    teacher = functional.softmax(teacher_logits / temperature, dim=1)
    return functional.kl_div(student, teacher, reduction="batchmean") * temperature**2


def feature_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Distance of the attention maps of two feature maps (N, K, h, w) and (N, L, H, W).

    Attention transfer (Zagoruyko and Komodakis, 2017): channel counts may differ, the maps are
    the normalised sums of squares over channels; the teacher's is resized to the student's.
    """
    if student.shape[2:] != teacher.shape[2:]:
        teacher = functional.interpolate(teacher, size=student.shape[2:], mode="bilinear", align_corners=False)
    a = functional.normalize(student.square().mean(dim=1).flatten(1), dim=1)
    b = functional.normalize(teacher.square().mean(dim=1).flatten(1), dim=1)
    return (a - b).square().sum(dim=1).mean()
