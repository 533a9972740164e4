from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from hackai_compression.datasets.folder import read_image_folder
from hackai_compression.datasets.samples import FIRE_CLASSES, Dataset, Sample
from hackai_compression.exporting.lint import lint_for_tensorrt
from hackai_compression.package import input_spec
from hackai_compression.quantization.calibration import PictureReader, choose_calibration
from hackai_compression.quantization.sensitivity import rank_layers
from hackai_compression.quantization.static import Int8Variant, quantize


def test_calibration_takes_one_picture_per_group_and_all_classes_alike() -> None:
    samples = tuple(
        Sample(Path(f"{i}.jpg"), FIRE_CLASSES[i % 3 if i < 90 else 0], "s", f"g{i // 2}") for i in range(300)
    )
    chosen = choose_calibration(Dataset(FIRE_CLASSES, samples), 30, seed=0)
    assert len({s.group for s in chosen}) == len(chosen) == 30
    counts = Counter(s.label for s in chosen)
    assert min(counts.values()) >= 5
    assert chosen == choose_calibration(Dataset(FIRE_CLASSES, samples), 30, seed=0)


def network(path: Path, side: int = 32) -> Path:
    """images uint8 NHWC -> transpose -> cast -> convolution, rectifier, head convolution -> cam -> mean -> logits."""
    rng = np.random.default_rng(0)
    constants = [
        numpy_helper.from_array((rng.normal(0, 0.01, (16, 3, 3, 3))).astype(np.float32), "w1"),
        numpy_helper.from_array(rng.normal(0, 0.1, 16).astype(np.float32), "b1"),
        numpy_helper.from_array(rng.normal(0, 0.3, (3, 16, 1, 1)).astype(np.float32), "w2"),
        numpy_helper.from_array(np.zeros(3, np.float32), "b2"),
    ]
    nodes = [
        helper.make_node("Transpose", ["images"], ["t"], "transpose", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["t"], ["f"], "cast", to=TensorProto.FLOAT),
        helper.make_node("Conv", ["f", "w1", "b1"], ["c"], "body", strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("Conv", ["r", "w2", "b2"], ["cam"], "head"),
        helper.make_node("ReduceMean", ["cam"], ["logits"], "mean", axes=[2, 3], keepdims=0),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("images", TensorProto.UINT8, ["batch", side, side, 3])],
            [
                helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3]),
                helper.make_tensor_value_info("cam", TensorProto.FLOAT, None),
            ],
            constants,
        ),
        opset_imports=[helper.make_opsetid("", 16)],
        ir_version=8,
    )
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def logits(path: Path, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["logits"], {"images": pixels})[0])


def test_both_variants_say_what_the_whole_network_says(picture_folder: Path, tmp_path: Path) -> None:
    spec = input_spec(32)
    extremes = np.zeros((64, 64, 3), np.uint8)
    extremes[32:] = 255
    cv2.imwrite(str(picture_folder / "train" / "fire" / "extremes.png"), extremes)
    samples = list(read_image_folder(picture_folder / "train", FIRE_CLASSES).samples)
    source = network(tmp_path / "model.fp32.onnx")
    pixels = PictureReader(samples, spec, batch_size=25).get_next()
    assert pixels is not None
    expected = logits(source, pixels["images"])
    for variant in ("int8", "int8-trt"):
        name: Int8Variant = variant  # type: ignore[assignment]
        target = tmp_path / f"model.{variant}.onnx"
        quantize(source, target, samples, spec, variant=name)
        error = np.abs(logits(target, pixels["images"]) - expected).max()
        assert error < 0.08 * np.abs(expected).max(), variant
        graph = onnx.load(target).graph
        kinds = Counter(n.op_type for n in graph.node)
        assert kinds["QuantizeLinear"] > 0
        assert not list(tmp_path.glob("*prepared*"))
        body = next(n for n in graph.node if n.op_type == "Conv")
        (behind,) = (n.op_type for n in graph.node if body.output[0] in n.input)
        if variant == "int8-trt":
            assert lint_for_tensorrt(target) == []
            assert behind == "Relu"  # nothing in between, or TensorRT fuses neither
        else:
            assert behind == "QuantizeLinear"
            assert kinds["Relu"] == 0  # rounded to 0..highest: what is below 0 is cut off by the rounding
            assert kinds["Cast"] == 0  # pixels go into the first convolution as the bytes that they are


def test_layers_are_ranked_by_what_they_cost(tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def score(nodes: object) -> float:
        asked.append(tuple(nodes))  # type: ignore[call-overload]
        return 1.0 if asked[-1] == ("body",) else 0.4

    (only,) = rank_layers(network(tmp_path / "model.onnx"), score)
    assert (only.node, only.loss) == ("body", 0.6)
    assert asked == [("body",), ()]  # the head stays FP32 anyway


def test_ranges_are_calibrated_once_per_variant_and_method(picture_folder: Path, tmp_path: Path) -> None:
    spec = input_spec(32)
    samples = list(read_image_folder(picture_folder / "train", FIRE_CLASSES).samples)
    source = network(tmp_path / "model.fp32.onnx")
    whole, again, fresh = (tmp_path / f"{name}.onnx" for name in ("whole", "again", "fresh"))
    (tmp_path / "ranges").mkdir()
    quantize(source, whole, samples, spec, ranges=tmp_path / "ranges")
    assert [p.name for p in (tmp_path / "ranges").iterdir()] == ["int8.minmax.json"]
    quantize(source, again, [], spec, ranges=tmp_path / "ranges", keep_fp32=["body"])
    quantize(source, fresh, samples, spec, keep_fp32=["body"])
    assert again.read_bytes() == fresh.read_bytes() != whole.read_bytes()
