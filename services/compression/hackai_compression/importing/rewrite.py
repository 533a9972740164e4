"""Gives a foreign graph our interface: uint8 pictures in, boxes and scores out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hackai_compression.importing.layouts import Layout

INPUT, BOXES, SCORES = "images", "boxes", "scores"
#: In front of every name of the foreign graph, so that ours are free.
PREFIX = "imported/"
#: A slice to the end of an axis.
_END = np.iinfo(np.int64).max


def rewrite(model: onnx.ModelProto, layout: Layout, height: int, width: int) -> onnx.ModelProto:
    """A new model; the old one's weights and operators are untouched.

    In: (N, height, width, 3) uint8 RGB. Out: `boxes` (N, K, 4), left, top, right, bottom in fractions of the input, and
    `scores` (N, K, C).
    """
    inner = onnx.compose.add_prefix(model, PREFIX)
    graph = inner.graph
    source, output = graph.input[0], graph.output[0].name
    element = source.type.tensor_type.elem_type
    first = source.type.tensor_type.shape.dim[0]
    batch = first.dim_value if first.dim_value > 0 else "batch"
    build = _Builder(graph)
    # Pixels as these models were trained on them: RGB, planes, 0-1.
    before = [
        helper.make_node("Transpose", [INPUT], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["floats"], to=element),
        helper.make_node("Div", ["floats", build.constant(255.0, element)], [source.name]),
    ]
    after = _decode(build, layout, output, element, height, width)
    del graph.input[:], graph.output[:]
    graph.input.append(helper.make_tensor_value_info(INPUT, TensorProto.UINT8, [batch, height, width, 3]))
    classes = len(layout.classes)
    graph.output.append(helper.make_tensor_value_info(BOXES, TensorProto.FLOAT, [batch, None, 4]))
    graph.output.append(helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, [batch, None, classes]))
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    del inner.metadata_props[:]
    inner.doc_string = graph.doc_string = ""
    onnx.checker.check_model(inner)
    return inner


class _Builder:
    """Makes nodes and constants with names of their own."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._count = 0

    def constant(self, value: float | Sequence[float] | Sequence[int], element: int) -> str:
        self._count += 1
        name = f"constant_{self._count}"
        array = np.asarray(value, helper.tensor_dtype_to_np_dtype(element))
        self._graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    def part(self, nodes: list[onnx.NodeProto], value: str, start: int, end: int, name: str) -> str:
        """`value[..., start:end]` of three axes."""
        ranges = [self.constant([number], TensorProto.INT64) for number in (start, end, 2)]
        nodes.append(helper.make_node("Slice", [value, *ranges], [name]))
        return name


def _decode(
    build: _Builder, layout: Layout, output: str, element: int, height: int, width: int
) -> list[onnx.NodeProto]:
    nodes: list[onnx.NodeProto] = []

    def add(operator: str, inputs: list[str], name: str, **attributes: object) -> str:
        nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    rows = add("Cast", [output], "rows", to=TensorProto.FLOAT) if element != TensorProto.FLOAT else output
    if layout.kind == "points":
        rows = add("Transpose", [rows], "points", perm=[0, 2, 1])
    if layout.kind == "boxes":
        corners = build.part(nodes, rows, 0, 4, "corners")
        score = build.part(nodes, rows, 4, 5, "score")
        number = add("Cast", [build.part(nodes, rows, 5, 6, "class")], "number", to=TensorProto.INT32)
        numbers = build.constant(list(range(len(layout.classes))), TensorProto.INT32)
        chosen = add("Cast", [add("Equal", [number, numbers], "is_class")], "chosen", to=TensorProto.FLOAT)
        add("Mul", [score, chosen], SCORES)
    else:
        centre, size = build.part(nodes, rows, 0, 2, "centre"), build.part(nodes, rows, 2, 4, "size")
        half = add("Mul", [size, build.constant(0.5, TensorProto.FLOAT)], "half")
        ends = [add("Sub", [centre, half], "left_top"), add("Add", [centre, half], "right_bottom")]
        corners = add("Concat", ends, "corners", axis=2)
        if layout.kind == "anchors":
            objectness = build.part(nodes, rows, 4, 5, "objectness")
            add("Mul", [objectness, build.part(nodes, rows, 5, _END, "class_scores")], SCORES)
        else:
            build.part(nodes, rows, 4, _END, SCORES)
    add("Div", [corners, build.constant([width, height, width, height], TensorProto.FLOAT)], BOXES)
    return nodes
