"""Tensors of the Open Inference Protocol."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from hackai_inference.http.tensors import TensorError, read_input, split_body, wanted_outputs, write_response


def read(document: Any, binary: bytes = b"") -> np.ndarray[Any, Any]:
    return read_input(document, binary, name="images", datatype="UINT8", shape=[2, 2], max_batch=3)


def tensor(**changes: Any) -> dict[str, Any]:
    entry = {"name": "images", "datatype": "UINT8", "shape": [1, 2, 2], "data": [1, 2, 3, 255], **changes}
    return {"inputs": [entry]}


def test_json_data_flat_or_nested() -> None:
    assert read(tensor()).tolist() == [[[1, 2], [3, 255]]]
    assert read(tensor(data=[[[1, 2], [3, 255]]])).dtype == np.uint8


def test_binary_data() -> None:
    array = read(tensor(data=None, parameters={"binary_data_size": 4}), bytes([1, 2, 3, 4]))

    assert array.tolist() == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"inputs": []},
        {"inputs": 1},
        {"inputs": ["x"]},
        tensor(name="other"),
        tensor(datatype="FP32"),
        tensor(shape=[1, 2]),
        tensor(shape=[4, 2, 2]),
        tensor(shape=[0, 2, 2]),
        tensor(shape=[True, 2, 2]),
        tensor(shape="1,2,2"),
        tensor(data=[1, 2, 3]),
        tensor(data=[1, 2, 3, 256]),
        tensor(data=[1, 2, 3, -1]),
        tensor(data=[1, 2, 3, None]),
        tensor(data=["a", 2, 3, 4]),
        tensor(data=[[1], [2, 3]]),
        tensor(data=None),
        tensor(parameters={"binary_data_size": 5}),
        tensor(parameters={"binary_data_size": "4"}),
        tensor(parameters={"binary_data_size": -4}),
    ],
)
def test_what_does_not_fit_is_named(document: Any) -> None:
    with pytest.raises(TensorError):
        read(document)


def test_the_body_is_split_by_its_header() -> None:
    assert split_body(b'{"a":1}\x01\x02', "7") == ({"a": 1}, b"\x01\x02")
    assert split_body(b'{"a":1}', None) == ({"a": 1}, b"")


@pytest.mark.parametrize(("body", "length"), [(b"{", None), (b"[]", None), (b"{}", "3"), (b"{}", "-1"), (b"{}", "x")])
def test_a_body_that_is_not_a_request(body: bytes, length: Any) -> None:
    with pytest.raises(TensorError):
        split_body(body, length)


def test_outputs_that_are_wanted() -> None:
    available = ["logits", "cam"]

    assert wanted_outputs({}, available) == {"logits": False, "cam": False}
    assert wanted_outputs({"parameters": {"binary_data_output": True}}, available) == {"logits": True, "cam": True}
    one = {"outputs": [{"name": "cam", "parameters": {"binary_data": True}}]}
    assert wanted_outputs(one, available) == {"cam": True}
    for outputs in ([{"name": "other"}], ["cam"], 3):
        with pytest.raises(TensorError):
            wanted_outputs({"outputs": outputs}, available)


def test_a_response_carries_json_and_binary_side_by_side() -> None:
    array = np.array([[1.5, 2.5]], np.float32)

    body, length = write_response({"model_name": "m"}, [("a", array, False), ("b", array, True)])

    assert length is not None
    document = json.loads(body[:length])
    assert document["outputs"][0] == {"name": "a", "datatype": "FP32", "shape": [1, 2], "data": [1.5, 2.5]}
    assert document["outputs"][1]["parameters"] == {"binary_data_size": 8}
    assert body[length:] == array.tobytes()
    assert write_response({}, [("a", array, False)])[1] is None
