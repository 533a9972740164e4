"""TensorRT on a Jetson: plans are built on the device, kept sealed, and run by the one thread that touches CUDA.

Written against the named-tensor API, which is the same in TensorRT 8.5 (JetPack 5) and 10. Nothing here imports
``tensorrt`` or ``pycuda`` but :mod:`~hackai_inference.runtimes.tensorrt.bindings`; everything else gets them.
"""
