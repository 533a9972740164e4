"""Moves pads of fixed size into the convolutions behind them: the exporter leaves them as a dozen nodes each."""

from __future__ import annotations

import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator


def fold_pads(model: onnx.ModelProto) -> None:
    """In place. A convolution may pad its four sides differently in ONNX, though not in PyTorch.

    Without this no shape behind a pad is known, so that neither costs can be counted nor layers be fused.
    """
    graph = model.graph
    producers = {output: node for node in graph.node for output in node.output}
    for convolution in [n for n in graph.node if n.op_type == "Conv"]:
        pad = producers.get(convolution.input[0])
        if pad is None or pad.op_type != "Pad" or not _is_zero(pad, producers):
            continue
        amounts = _value(model, pad.input[1], producers)
        if amounts is None or len(amounts) != 8 or any(amounts[i] for i in (0, 1, 4, 5)):
            continue
        wanted = [amounts[2], amounts[3], amounts[6], amounts[7]]
        present = next((list(a.ints) for a in convolution.attribute if a.name == "pads"), [0, 0, 0, 0])
        kept = [a for a in convolution.attribute if a.name not in {"pads", "auto_pad"}]
        del convolution.attribute[:]
        convolution.attribute.extend(kept)
        total = [a + b for a, b in zip(wanted, present, strict=True)]
        convolution.attribute.append(helper.make_attribute("pads", total))
        convolution.input[0] = pad.input[0]
    _drop_unused(graph)


def _is_zero(pad: onnx.NodeProto, producers: dict[str, onnx.NodeProto]) -> bool:
    """Whether it pads with zeros: the mode is the default, and the value absent or 0."""
    if any(a.name == "mode" and a.s != b"constant" for a in pad.attribute):
        return False
    if len(pad.input) < 3 or not pad.input[2]:
        return True
    source = producers.get(pad.input[2])
    if source is None or source.op_type != "Constant":
        return False
    return not onnx.numpy_helper.to_array(source.attribute[0].t).any()


def _value(model: onnx.ModelProto, name: str, producers: dict[str, onnx.NodeProto]) -> list[int] | None:
    """The integers of a value that is computed from constants alone; None where a picture plays a part."""
    graph = model.graph
    initializers = {i.name: i for i in graph.initializer}
    waiting, needed, constants = [name], {}, {}
    while waiting:
        wanted = waiting.pop()
        if wanted in initializers:
            constants[wanted] = initializers[wanted]
        elif wanted in producers:
            node = producers[wanted]
            if node.output[0] not in needed:
                needed[node.output[0]] = node
                waiting += [i for i in node.input if i]
        else:
            return None
    nodes = [n for n in graph.node if n.output[0] in needed]
    output = helper.make_empty_tensor_value_info(name)
    part = helper.make_graph(nodes, "part", [], [output], list(constants.values()))
    small = helper.make_model(part, opset_imports=list(model.opset_import), ir_version=model.ir_version)
    return [int(v) for v in ReferenceEvaluator(small).run(None, {})[0]]


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Nodes and constants that nothing reads any more."""
    while True:
        used = {o.name for o in graph.output} | {i for n in graph.node for i in n.input}
        dead = [n for n in graph.node if not used & set(n.output)]
        if not dead:
            break
        for node in dead:
            graph.node.remove(node)
    for constant in [i for i in graph.initializer if i.name not in used]:
        graph.initializer.remove(constant)
