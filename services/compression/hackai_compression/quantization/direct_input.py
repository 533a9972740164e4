"""Takes the float detour out of a quantized graph's input: the pixels are already uint8."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper


def feed_bytes_directly(graph: onnx.GraphProto) -> bool:
    """Cast(uint8 -> float), QuantizeLinear(scale 1, zero point 0) becomes nothing; True when it was there.

    With the normalisation folded into the first convolution, its input is 0-255, and the
    calibrated scale is 1 exactly when some calibration picture holds black and white.
    """
    constants = {i.name: i for i in graph.initializer}
    producers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type != "QuantizeLinear":
            continue
        cast = producers.get(node.input[0])
        if cast is None or cast.op_type != "Cast":
            continue
        scale = numpy_helper.to_array(constants[node.input[1]])
        zero = numpy_helper.to_array(constants[node.input[2]])
        if zero.dtype != np.uint8 or zero != 0 or abs(float(scale) - 1.0) > 1e-6:
            continue
        for consumer in graph.node:
            for i, name in enumerate(consumer.input):
                if name == node.output[0]:
                    consumer.input[i] = cast.input[0]
        graph.node.remove(node)
        if not any(cast.output[0] in other.input for other in graph.node):
            graph.node.remove(cast)
        return True
    return False
