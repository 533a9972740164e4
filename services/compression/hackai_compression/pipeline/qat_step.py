"""Quantization-aware training of the job's network. Needs torch."""

from __future__ import annotations

from pathlib import Path

from hackai_compression.exporting.export import export_onnx
from hackai_compression.networks.saved import load_network, save_network
from hackai_compression.package import file_name
from hackai_compression.pipeline.fitting import fit, use_threads
from hackai_compression.pipeline.job import Job
from hackai_compression.recipes import QuantizeStep
from hackai_compression.training.options import DistillationOptions, TrainingOptions
from hackai_compression.training.qat import quantization_noise
from hackai_compression.training.train import Teacher


def retrain(job: Job, step: QuantizeStep, options: TrainingOptions, folder: Path) -> Path:
    """Trains with INT8 noise, exports again into `folder`, returns the new FP32 file. A killed job goes on in it.

    The network as it was teaches: what is wanted is its answers, not other ones.
    """
    use_threads(job)
    folder.mkdir(exist_ok=True)
    before = job.out / str(job.last_network().network)
    network, architecture = load_network(before)
    teacher = Teacher(load_network(before)[0], DistillationOptions())
    checkpoint, augmentation = folder / "checkpoint.pt", job.recipe.data.augmentation
    with quantization_noise(network):
        fit(job, step.name, network, options, augmentation, teacher=teacher, checkpoint=checkpoint)
    save_network(folder / "network.pt", network, architecture)
    path = folder / file_name("fp32")
    export_onnx(network, architecture.image_size, path)
    return path
