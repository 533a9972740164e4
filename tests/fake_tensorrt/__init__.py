"""Stand-ins for pycuda and TensorRT that compute with ONNX Runtime and insist on the rules of the real ones.

What they check: one thread does everything, copies are asynchronous and only done when the stream is synchronised,
shapes and addresses come before execution, buffers are pinned and large enough, and at the end nothing is left.
"""

from fake_tensorrt.cuda import FakeCuda
from fake_tensorrt.trt import FakeTensorRt

__all__ = ["FakeCuda", "FakeTensorRt"]
