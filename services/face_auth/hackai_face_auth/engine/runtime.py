"""ONNX Runtime sessions for the face models: one thread, no spinning, errors of its own kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from hackai_face_auth.errors import PackError


def open_session(path: Path, threads: int) -> Any:
    """Return an ``onnxruntime.InferenceSession`` on the CPU.

    Raises:
        PackError: the runtime cannot load the file.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # w600k_mbf warns about its batch size at each run.
    options.log_severity_level = 3
    # A spinning idle thread takes the core that fire detection needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise PackError(f"ONNX Runtime cannot load {path}: {error}") from error
