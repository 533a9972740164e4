"""The hash of the data that a model was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hackai_compression.datasets.samples import Sample


def fingerprint(samples: Sequence[Sample]) -> str:
    """SHA-256 over (label, content) of every picture, in the order of their hashes.

    Independent of folders and file names; one changed byte or label changes it.
    """
    rows = sorted(f"{s.label}:{hashlib.sha256(s.path.read_bytes()).hexdigest()}" for s in samples)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
