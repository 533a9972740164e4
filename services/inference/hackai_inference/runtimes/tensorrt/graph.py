"""Turns the graph that ships into the one that TensorRT takes: bytes become floats before anything else is done."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

FLOATED = "__as_float"


def graph_for_tensorrt(data: bytes) -> bytes:
    """Return an equal graph whose uint8 inputs feed nothing but a cast to float32.

    The packages transpose the decoder's bytes and cast afterwards, which is cheaper on a CPU. TensorRT takes uint8 as
    the type of a network input only: it must be cast before any other layer sees it (documentation of
    ``DataType.UINT8``, 8.5 to 10; the real parser refuses the transpose). The values are whole numbers up to 255, which
    float32 holds exactly.
    """
    model = onnx.load_from_string(data)
    graph = model.graph
    for value in graph.input:
        if value.type.tensor_type.elem_type != TensorProto.UINT8:
            continue
        floated = value.name + FLOATED
        moved = [node for node in graph.node if node.op_type != "Cast" and value.name in node.input]
        if not moved:
            continue
        for node in moved:
            for index, name in enumerate(node.input):
                if name == value.name:
                    node.input[index] = floated
        graph.node.insert(0, helper.make_node("Cast", [value.name], [floated], floated, to=TensorProto.FLOAT))
    del graph.value_info[:]  # it names types that have just changed, and TensorRT infers its own
    serialised: bytes = model.SerializeToString()
    return serialised
