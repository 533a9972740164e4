"""Foreign detectors, made here operator by operator: out of the package comes what was put into their output."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from hackai_compression.errors import ImportRefusedError
from hackai_compression.importing.layouts import class_names, recognise
from hackai_compression.models_cli import app
from hackai_shared.serving.detector import Detector
from hackai_shared.serving.package import PackageError, open_package
from hackai_shared.serving.session import OnnxRuntimeSession

SIDE = 64
CELLS = 8 * 8 + 4 * 4 + 2 * 2
NAMES = {"names": "{0: 'fire', 1: 'smoke'}", "license": "MIT"}
#: left, top, right, bottom in pixels of the input, and what the box shows.
BOXES = ((8.0, 16.0, 40.0, 48.0, 0), (30.0, 10.0, 62.0, 60.0, 1))


def raw(kind: str) -> np.ndarray:
    """The output of a model of that kind that sees both boxes and, faintly, nothing elsewhere: (1, A, B)."""
    centred = [((a + c) / 2, (b + d) / 2, c - a, d - b) for a, b, c, d, _ in BOXES]
    scores = np.eye(2)[[box[4] for box in BOXES]] * 0.8
    if kind == "boxes":
        rows = np.zeros((300, 6))
        rows[:2] = [(*box[:4], 0.8, box[4]) for box in BOXES]
        return rows[np.newaxis]
    if kind == "anchors":
        rows = np.zeros((3 * CELLS, 7))
        rows[[5, 200]] = [(*box, 0.5, *score) for box, score in zip(centred, scores * 2, strict=True)]
        return rows[np.newaxis]
    rows = np.zeros((CELLS, 6))
    rows[[5, 80]] = [(*box, *score) for box, score in zip(centred, scores, strict=True)]
    return rows[np.newaxis] if kind == "points-last" else rows.T[np.newaxis]


def foreign(path: Path, kind: str, *, element: int = TensorProto.FLOAT, metadata: dict[str, str] | None = None) -> Path:
    """A model (1, 3, 64, 64), 0-1, planes, whose output is `raw(kind)` times the mean red of the picture."""
    output = raw(kind)
    kept = np.ones_like(output)
    # Coordinates stay as they are; scores go with the red.
    score_axis = 1 if kind == "points" else 2
    index: list[slice | int] = [slice(None)] * 3
    index[score_axis] = slice(4, 5) if kind in {"boxes", "anchors"} else slice(4, None)
    kept[tuple(index)] = 0
    dtype = helper.tensor_dtype_to_np_dtype(element)
    constants = {
        "output": output.astype(dtype),
        "kept": kept.astype(dtype),
        "others": (1 - kept).astype(dtype),
        "first": np.array([0], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["images", "first"], ["red"], axis=1),
        helper.make_node("ReduceMean", ["red"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "first"], ["cube"]),
        helper.make_node("Mul", ["cube", "others"], ["dimmed"]),
        helper.make_node("Add", ["dimmed", "kept"], ["factor"]),
        helper.make_node("Mul", ["output", "factor"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info("images", element, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", element, list(output.shape))],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    helper.set_model_props(model, NAMES if metadata is None else metadata)
    onnx.save(model, path)
    return path


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["import", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("element", [TensorProto.FLOAT, TensorProto.FLOAT16])
@pytest.mark.parametrize("kind", ["anchors", "points", "points-last", "boxes"])
def test_boxes_come_out_as_the_foreign_model_meant_them(tmp_path: Path, kind: str, element: int) -> None:
    file = foreign(tmp_path / "best.onnx", kind, element=element)
    code, _, errors = run(file, "--name", "theirs", "--models", tmp_path / "models")
    assert code == 0, errors

    package = open_package(tmp_path / "models" / "theirs" / "1", require_gate=False)
    detector = Detector(package, OnnxRuntimeSession(package, "fp32"))
    # Twice as wide as high, pure red: half of the input is border of the grey 114.
    found = detector.detect(np.full((50, 100, 3), (255, 0, 0), np.uint8))

    red = (255 + 114) / 2 / 255
    assert [box.label for box in found] == ["fire", "smoke"] or [box.label for box in found] == ["smoke", "fire"]
    for box in found:
        left, top, right, bottom, _ = BOXES[["fire", "smoke"].index(box.label)]
        assert box.score == pytest.approx(0.8 * red, abs=3e-3)
        assert (box.x0, box.x1) == pytest.approx((left / 64, right / 64), abs=2e-3)
        # The picture fills rows 16 to 48 of the input.
        assert (box.y0, box.y1) == pytest.approx((max(0.0, (top - 16) / 32), min(1.0, (bottom - 16) / 32)), abs=3e-3)


def test_a_package_that_nobody_judged_is_not_for_services(tmp_path: Path) -> None:
    code, told, _ = run(foreign(tmp_path / "m.onnx", "points"), "--name", "theirs", "--models", tmp_path / "models")
    assert code == 0
    assert "not judged" in told
    with pytest.raises(PackageError, match="no gate report"):
        open_package(tmp_path / "models" / "theirs" / "1")


@pytest.fixture
def yolo(tmp_path: Path) -> Path:
    """A YOLO folder with one red picture, with the boxes that the models of these tests see."""
    for part in ("images", "labels"):
        (tmp_path / "yolo" / part / "val").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "yolo/images/val/a_1.png"), np.full((64, 64, 3), (0, 0, 255), np.uint8))
    lines = [f"{k} {(a + c) / 128} {(b + d) / 128} {(c - a) / 64} {(d - b) / 64}" for a, b, c, d, k in BOXES]
    (tmp_path / "yolo/labels/val/a_1.txt").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "yolo" / "data.yaml").write_text("names: {0: fire, 1: smoke}\n", encoding="utf-8")
    return tmp_path / "yolo"


def test_what_is_judged_well_enough_may_serve(tmp_path: Path, yolo: Path) -> None:
    file = foreign(tmp_path / "m.onnx", "points")
    models = tmp_path / "models"
    code, told, errors = run(file, "--name", "theirs", "--models", models, "--judge", yolo, "--min-map50", "0.9")
    assert code == 0, errors
    assert "1.000" in told
    package = open_package(models / "theirs" / "1")
    assert package.manifest.thresholds["fire"] == pytest.approx(0.8, abs=0.01)
    assert package.manifest.licence == "MIT"
    assert package.manifest.variants["fp32"].runtimes == ["onnxruntime", "openvino", "tensorrt"]
    assert json.loads((package.folder / "gate.json").read_text(encoding="utf-8"))["passed"]


def test_what_is_judged_and_found_wanting_may_not(tmp_path: Path, yolo: Path) -> None:
    file = foreign(tmp_path / "m.onnx", "points", metadata={**NAMES, "names": "['smoke', 'fire']"})
    code, _, errors = run(
        file, "--name", "theirs", "--models", tmp_path / "models", "--judge", yolo, "--min-map50", "0.5"
    )
    assert code == 2
    assert "the floor is" in errors
    with pytest.raises(PackageError, match="no gate report"):
        open_package(tmp_path / "models" / "theirs" / "1")


def test_a_version_is_never_written_over(tmp_path: Path) -> None:
    file = foreign(tmp_path / "m.onnx", "points")
    assert run(file, "--name", "theirs", "--models", tmp_path)[0] == 0
    code, _, errors = run(file, "--name", "theirs", "--models", tmp_path)
    assert code == 1
    assert "choose another --version" in errors


@pytest.mark.parametrize(
    ("metadata", "options", "message"),
    [
        ({"license": "MIT"}, (), "--classes"),
        ({"names": "['fire', 'smoke']"}, (), "--licence"),
        ({**NAMES, "task": "segment"}, (), "made for 'segment'"),
        ({**NAMES, "names": "{fire"}, (), "cannot be read"),
        ({**NAMES, "names": "['a', 'b', 'c']"}, (), "no known layout"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    tmp_path: Path, metadata: dict[str, str], options: tuple[str, ...], message: str
) -> None:
    file = foreign(tmp_path / "m.onnx", "points", metadata=metadata)
    code, _, errors = run(file, "--name", "theirs", "--models", tmp_path, *options)
    assert code == 1
    assert message in " ".join(errors.split())


def test_names_and_licence_may_be_given(tmp_path: Path) -> None:
    file = foreign(tmp_path / "m.onnx", "boxes", metadata={})
    options = ("--classes", "fire, smoke", "--licence", "MIT", "--version", "3")
    assert run(file, "--name", "theirs", "--models", tmp_path, *options)[0] == 0
    assert open_package(tmp_path / "theirs" / "3", require_gate=False).manifest.classes == ["fire", "smoke"]


@pytest.mark.parametrize("content", [b"", b"not a model"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    assert run(tmp_path / "m.onnx", "--name", "theirs", "--models", tmp_path)[0] == 1


@pytest.mark.parametrize(
    ("shape", "classes", "kind"),
    [
        ((1, 25200, 85), 80, "anchors"),
        ((1, 84, 8400), 80, "points"),
        ((1, 6, 8400), 2, "points"),
        ((1, 8400, 6), 2, "points-last"),
        ((1, 300, 6), 80, "boxes"),
        ((1, 25200, 7), 2, "anchors"),
        ((1, 84, 8500), 80, "points"),
    ],
)
def test_published_shapes_at_640_pixels(shape: tuple[int, ...], classes: int, kind: str) -> None:
    names = [str(i) for i in range(classes)]
    assert recognise(shape, 640, 640, {}, names).kind == kind


@pytest.mark.parametrize("shape", [(1, 84, 8400, 1), (1, 100, 100), (1, -1, 84)])
def test_unknown_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImportRefusedError):
        recognise(shape, 640, 640, {}, [str(i) for i in range(80)])


def test_names_in_both_notations() -> None:
    assert class_names({"names": "{1: 'smoke', 0: 'fire'}"}) == ("fire", "smoke")
    assert class_names({"names": "['fire', 'smoke']"}) == ("fire", "smoke")
    assert class_names({}) == ()
