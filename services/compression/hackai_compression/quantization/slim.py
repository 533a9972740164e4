"""Removes from an ONNX file what no runtime reads: a small network's names weigh a fifth of it."""

from __future__ import annotations

import onnx


def slim(model: onnx.ModelProto) -> None:
    """In place: equal constants once, no shape annotations, no doc strings, short names inside.

    Inputs and outputs keep their names.
    """
    graph = model.graph
    _share_constants(graph)
    del graph.value_info[:]
    del model.metadata_props[:]
    graph.doc_string = model.doc_string = ""
    kept = {v.name for v in (*graph.input, *graph.output)}
    short: dict[str, str] = {"": ""}

    def rename(name: str) -> str:
        if name in kept:
            return name
        return short.setdefault(name, _letters(len(short)))

    for tensor in graph.initializer:
        tensor.name = rename(tensor.name)
        tensor.doc_string = ""
    for number, node in enumerate(graph.node):
        node.input[:] = [rename(n) for n in node.input]
        node.output[:] = [rename(n) for n in node.output]
        # The operator stays in the name: error messages of runtimes quote it.
        node.name = f"{node.op_type}{number}"
        node.doc_string = ""
        del node.metadata_props[:]


def _share_constants(graph: onnx.GraphProto) -> None:
    """Quantized layers of one width each bring the same zeros: 4 bytes a channel."""
    kept: dict[bytes, str] = {}
    instead: dict[str, str] = {}
    interface = {v.name for v in (*graph.input, *graph.output)}
    for tensor in [t for t in graph.initializer if t.name not in interface]:
        name, tensor.name = tensor.name, ""
        first = kept.setdefault(tensor.SerializeToString(deterministic=True), name)
        tensor.name = name
        if first != name:
            instead[name] = first
            graph.initializer.remove(tensor)
    for node in graph.node:
        node.input[:] = [instead.get(name, name) for name in node.input]


def _letters(number: int) -> str:
    """1 -> a, 27 -> aa: a name of one to three letters; `_` keeps it apart from inputs and outputs."""
    text = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        text = chr(97 + rest) + text
    return "_" + text
