"""Quantization-aware training of the job's network. Needs torch."""

from __future__ import annotations

from pathlib import Path

from hackai_compression.exporting.export import export_onnx
from hackai_compression.networks.saved import load_network, save_network
from hackai_compression.package import file_name
from hackai_compression.pipeline.run import Job
from hackai_compression.training.options import TrainingOptions
from hackai_compression.training.qat import quantization_noise
from hackai_compression.training.train import train


def retrain(job: Job, options: TrainingOptions, folder: Path) -> Path:
    """Trains with INT8 noise, exports again, returns the new FP32 file."""
    network, architecture = load_network(job.out / str(job.last_network().network))
    with quantization_noise(network):
        train(
            network,
            job.parts.training,
            job.parts.validation,
            options,
            job.recipe.data.augmentation,
            size=job.recipe.size,
            seed=job.recipe.seed,
            cache=job.pictures,
        )
    save_network(folder / "network.pt", network, architecture)
    path = folder / file_name("fp32")
    export_onnx(network, architecture.image_size, path)
    return path
