"""Tensors of the Open Inference Protocol v2 as JSON and in the binary extension. Pure.

Source: https://github.com/kserve/open-inference-protocol (REST) and Triton's extension_binary_data.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import orjson

# Data type of the protocol -> NumPy; little endian on the wire.
DATATYPES: Mapping[str, str] = {
    "BOOL": "|b1",
    "UINT8": "|u1",
    "INT8": "|i1",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP32": "<f4",
    "FP64": "<f8",
}
_BY_DTYPE = {np.dtype(code): name for name, code in DATATYPES.items()}


class TensorError(ValueError):
    """A request does not follow the protocol or does not fit the model; the message says where."""


def datatype_of(array: "np.ndarray[Any, Any]") -> str:
    """Return the protocol's name of an array's dtype."""
    return _BY_DTYPE[array.dtype]


def split_body(body: bytes, header_length: Optional[str]) -> Tuple[Dict[str, Any], bytes]:
    """Return the JSON object of a request and the binary tensors behind it.

    ``header_length`` is the value of ``Inference-Header-Content-Length``; without it the whole body is JSON.

    Raises:
        TensorError: not JSON, not an object, or a length that does not fit.
    """
    length = len(body)
    if header_length is not None:
        if not header_length.isdecimal() or int(header_length) > length:
            raise TensorError(
                f"Inference-Header-Content-Length {header_length!r} does not fit a body of {length} bytes"
            )
        length = int(header_length)
    try:
        document = orjson.loads(body[:length])
    except orjson.JSONDecodeError as error:
        raise TensorError(f"the request is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise TensorError("the request is not a JSON object")
    return document, body[length:]


def read_input(
    document: Mapping[str, Any], binary: bytes, *, name: str, datatype: str, shape: Sequence[int], max_batch: int
) -> "np.ndarray[Any, Any]":
    """Return the one input tensor of a request, ``shape`` with the batch in front.

    Raises:
        TensorError: another name, type or shape, too many in a batch, or data that do not fit.
    """
    inputs = document.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise TensorError(f"send exactly one input, {name!r}")
    tensor = inputs[0]
    if tensor.get("name") != name:
        raise TensorError(f"unexpected input {tensor.get('name')!r}, the model takes {name!r}")
    if tensor.get("datatype") != datatype:
        raise TensorError(f"input {name!r}: datatype {tensor.get('datatype')!r}, the model takes {datatype!r}")
    given = _shape(tensor.get("shape"))
    if len(given) != len(shape) + 1 or given[1:] != list(shape) or not 1 <= given[0] <= max_batch:
        raise TensorError(
            f"input {name!r}: shape {given}, the model takes [1-{max_batch}, {', '.join(map(str, shape))}]"
        )
    size = _binary_size(tensor)
    if size is None:
        return _from_json(tensor.get("data"), name, datatype, given)
    if size != len(binary):
        raise TensorError(f"input {name!r}: binary_data_size {size}, {len(binary)} bytes came")
    expected = math.prod(given) * np.dtype(DATATYPES[datatype]).itemsize
    if size != expected:
        raise TensorError(f"input {name!r}: {size} bytes, shape {given} and {datatype} need {expected}")
    return np.frombuffer(binary, DATATYPES[datatype]).reshape(given)


def wanted_outputs(document: Mapping[str, Any], available: Sequence[str]) -> Dict[str, bool]:
    """Return the names of the wanted outputs and whether each is wanted in binary; all of them by default.

    Raises:
        TensorError: an output that the model does not have, or a malformed list.
    """
    binary = _flag(document, "binary_data_output", default=False)
    outputs = document.get("outputs")
    if outputs is None or outputs == []:
        return dict.fromkeys(available, binary)
    if not isinstance(outputs, list):
        raise TensorError("outputs is not a list")
    wanted: Dict[str, bool] = {}
    for output in outputs:
        name = output.get("name") if isinstance(output, dict) else None
        if name not in available:
            raise TensorError(f"no output {name!r}, the model has {list(available)}")
        wanted[str(name)] = _flag(output, "binary_data", default=binary)
    return wanted


def write_response(
    head: Mapping[str, Any], outputs: Sequence[Tuple[str, "np.ndarray[Any, Any]", bool]]
) -> Tuple[bytes, Optional[int]]:
    """Return the body of a response and the length of its JSON part; None where it holds no binary tensors."""
    described: List[Dict[str, Any]] = []
    blobs: List[bytes] = []
    for name, array, binary in outputs:
        entry: Dict[str, Any] = {"name": name, "datatype": datatype_of(array), "shape": list(array.shape)}
        if binary:
            blob = np.ascontiguousarray(array).tobytes()
            entry["parameters"] = {"binary_data_size": len(blob)}
            blobs.append(blob)
        else:
            entry["data"] = array.ravel().tolist()
        described.append(entry)
    text = orjson.dumps({**head, "outputs": described})
    return b"".join((text, *blobs)), len(text) if blobs else None


def _shape(value: Any) -> List[int]:
    if not isinstance(value, list) or not all(isinstance(n, int) and not isinstance(n, bool) for n in value):
        raise TensorError(f"shape {value!r} is not a list of integers")
    return value


def _binary_size(tensor: Mapping[str, Any]) -> Optional[int]:
    parameters = tensor.get("parameters", {})
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise TensorError(f"binary_data_size {size!r} is not a number of bytes")
    return size


def _flag(holder: Mapping[str, Any], key: str, *, default: bool) -> bool:
    parameters = holder.get("parameters", {})
    return bool(parameters.get(key, default)) if isinstance(parameters, dict) else default


def _from_json(data: Any, name: str, datatype: str, shape: List[int]) -> "np.ndarray[Any, Any]":
    """Return nested or flat JSON numbers as a tensor; a number that does not fit the datatype is an error."""
    try:
        values = np.array(data, np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise TensorError(f"input {name!r}: data is not an array of numbers") from error
    if values.size != math.prod(shape):
        raise TensorError(f"input {name!r}: {values.size} values, shape {shape} needs {math.prod(shape)}")
    dtype = np.dtype(DATATYPES[datatype])
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        fits = bool(((values >= limits.min) & (values <= limits.max)).all())  # False for NaN too
    else:
        fits = bool(np.isfinite(values).all())
    if not fits:
        raise TensorError(f"input {name!r}: a value does not fit {datatype}")
    return values.astype(dtype).reshape(shape)
