"""What the one output of an exported YOLO means, recognised from its shape and metadata. Pure.

Shapes read in the exporters' documentation: YOLOv5 gives (N, points, 5 + classes) with three anchors per cell; YOLOv8,
v9 and v11 give (N, 4 + classes, points), one point per cell; YOLOv10 and exports with suppression inside give
(N, boxes, 6).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hackai_compression.errors import ImportRefusedError

Kind = Literal["anchors", "points", "points-last", "boxes"]
#: Sets of strides that the families use; the second one is that of their "6" models.
STRIDES = ((8, 16, 32), (8, 16, 32, 64))
#: Most boxes that an export with suppression inside gives.
MAX_BOXES = 1000
EXPLAINED: Mapping[Kind, str] = {
    "anchors": "YOLOv5: centre, size, objectness and class scores at three anchors per cell",
    "points": "YOLOv8, v9, v11: centre, size and class scores at one point per cell",
    "points-last": "YOLOv8, v9, v11, transposed",
    "boxes": "YOLOv10, or suppression inside: corners, score and class of the best boxes",
}


@dataclass(frozen=True)
class Layout:
    """How to read the output; `classes` are the names in the order of their numbers."""

    kind: Kind
    classes: tuple[str, ...]


def recognise(
    shape: Sequence[int], height: int, width: int, metadata: Mapping[str, str], classes: Sequence[str] = ()
) -> Layout:
    """The layout of an output (batch, A, B) of a model for pictures of `height` x `width`.

    `classes` replace the names in the metadata. Raises `ImportRefusedError` when it is not one of the known ones, when
    it could be two of them, or when nothing names the classes.
    """
    task = metadata.get("task", "detect")
    if task != "detect":
        raise ImportRefusedError(f"the model is made for {task!r}, not for boxes")
    names = tuple(classes) or class_names(metadata)
    if not names:
        raise ImportRefusedError("the file does not name its classes; name them with --classes, in their order")
    if len(shape) != 3 or any(side <= 0 for side in shape[1:]):
        raise ImportRefusedError(f"the output is {tuple(shape)}; (batch, A, B) with fixed A and B is expected")
    middle, last = shape[1], shape[2]
    cells = [sum((height // s) * (width // s) for s in strides) for strides in STRIDES]
    fits: dict[Kind, bool] = {
        "anchors": last == 5 + len(names) and middle in {3 * n for n in cells},
        "points": middle == 4 + len(names) and last in cells,
        "points-last": last == 4 + len(names) and middle in cells,
        "boxes": last == 6 and middle <= MAX_BOXES and middle not in {*cells, *(3 * n for n in cells)},
    }
    found = [kind for kind, fit in fits.items() if fit]
    if len(found) != 1:
        raise ImportRefusedError(
            f"an output of {tuple(shape)} at {height} x {width} px with {len(names)} classes is no known layout: "
            + "; ".join(EXPLAINED.values())
        )
    return Layout(found[0], names)


def class_names(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Names from the metadata's `names`, a Python mapping or list as text; nothing where there is none.

    Raises `ImportRefusedError` for a text that is neither.
    """
    text = metadata.get("names", "")
    if not text:
        return ()
    try:
        value = ast.literal_eval(text)
        if isinstance(value, dict):
            return tuple(str(value[i]) for i in range(len(value)))
        return tuple(str(name) for name in value)
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        raise ImportRefusedError(f"the metadata names the classes as {text!r}, which cannot be read") from error
