"""Which pictures calibrate a quantized graph: from training data, whole groups, classes in equal parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from onnxruntime.quantization import CalibrationDataReader

from hackai_compression.datasets.samples import Dataset, Sample
from hackai_shared.serving.manifest import InputSpec
from hackai_shared.serving.preprocessing import batch, load_for


def choose_calibration(training: Dataset, count: int, seed: int) -> list[Sample]:
    """At most `count` pictures, one per near-duplicate group, classes and their sources in turn."""
    rng = np.random.default_rng(seed)
    queues: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    seen: set[str] = set()
    for i in rng.permutation(len(training)):
        sample = training.samples[int(i)]
        if sample.group not in seen:
            seen.add(sample.group)
            queues[(sample.label, sample.source)].append(sample)
    chosen: list[Sample] = []
    while len(chosen) < count and any(queues.values()):
        for key in sorted(queues):
            if queues[key] and len(chosen) < count:
                chosen.append(queues[key].pop())
    return chosen


class PictureReader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds pictures to ONNX Runtime's calibrator, through serving's own decoding and resizing."""

    def __init__(self, samples: list[Sample], spec: InputSpec, batch_size: int = 8) -> None:
        self._samples, self._spec, self._batch_size = samples, spec, batch_size
        self.rewind()

    def rewind(self) -> None:
        """Starts again; the percentile calibrator reads twice."""
        self._batches = self._read()

    def _read(self) -> Iterator[npt.NDArray[np.uint8]]:
        for start in range(0, len(self._samples), self._batch_size):
            part = self._samples[start : start + self._batch_size]
            yield batch(self._spec, [load_for(self._spec, s.path.read_bytes()) for s in part])

    def get_next(self) -> dict[str, npt.NDArray[np.uint8]] | None:
        """The next input, `{name: (N, S, S, 3) uint8}`, or None at the end."""
        tensor = next(self._batches, None)
        return None if tensor is None else {self._spec.name: tensor}
