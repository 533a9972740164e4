"""Plans are built once per device, kept sealed, and built anew on any mismatch; INT8 needs the gate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_tensorrt import FakeCuda, FakeTensorRt
from hackai_inference.runtimes.errors import RuntimeUnavailable
from hackai_inference.runtimes.tensorrt.bindings import Bindings
from hackai_inference.runtimes.tensorrt.loader import Gpu, PlanLoader, connect, this_gpu
from hackai_inference.runtimes.tensorrt.permit import Permit
from hackai_inference.runtimes.tensorrt.plan_key import Profile
from hackai_shared.messages import utc_now
from hackai_shared.serving.package import ModelPackage
from hackai_shared.serving.session import SessionError


def permit(**changes: Any) -> Permit:
    return Permit(
        **{
            "measured_at": utc_now(),
            "pictures": 400,
            "reference_ms": 2.0,
            "candidate_ms": 1.5,
            "reference_correct": 380,
            "candidate_correct": 379,
            **changes,
        }
    )


def plans(state: Path) -> "list[Path]":
    return sorted((state / "engines").glob("*.plan"))


def test_a_plan_is_built_once(
    loader: PlanLoader, shipped: ModelPackage, trt: FakeTensorRt, gpu: Gpu, tmp_path: Path
) -> None:
    loader.open(shipped, "fp32").close()
    loader.open(shipped, "fp32").close()
    PlanLoader(gpu, tmp_path / "state").open(shipped, "fp32").close()  # as after a restart

    (build,) = trt.builds
    assert build["network_flags"] == 1  # EXPLICIT_BATCH
    assert build["flags"] == [trt.BuilderFlag.FP16]
    assert build["workspace"] == 512 * 2**20
    assert build["shapes"] == {"images": ((1, 192, 192, 3), (1, 192, 192, 3), (4, 192, 192, 3))}
    assert len(plans(tmp_path / "state")) == 1


def test_int8_is_built_with_fp16_and_what_an_earlier_build_measured(
    loader: PlanLoader, shipped: ModelPackage, trt: FakeTensorRt
) -> None:
    loader.open(shipped, "fp32").close()
    loader.open(shipped, "int8-trt", gated=False).close()

    assert trt.builds[1]["flags"] == [trt.BuilderFlag.FP16, trt.BuilderFlag.INT8]
    assert trt.builds[1]["timing"] == b"t"


@pytest.mark.parametrize(
    "attack",
    ["flip", "truncate", "empty", "foreign", "symlink", "folder", "other key's plan", "header only"],
)
def test_a_plan_that_this_installation_did_not_seal_is_built_anew(
    attack: str, loader: PlanLoader, shipped: ModelPackage, trt: FakeTensorRt, tmp_path: Path
) -> None:
    loader.open(shipped, "fp32").close()
    (path,) = plans(tmp_path / "state")
    good = path.read_bytes()
    if attack == "flip":
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    elif attack == "truncate":
        path.write_bytes(good[: len(good) // 2])
    elif attack == "empty":
        path.write_bytes(b"")
    elif attack == "header only":
        path.write_bytes(good[:40])
    elif attack == "foreign":  # sealed by another installation, with the same content
        other = PlanLoader(loader._gpu, tmp_path / "other")
        other.open(shipped, "fp32").close()
        path.write_bytes(plans(tmp_path / "other")[0].read_bytes())
        trt.builds.pop()
    elif attack == "symlink":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    elif attack == "folder":
        path.unlink()
        path.mkdir()
    else:  # a plan of ours, for something else
        loader.open(shipped, "fp32", "fp32").close()
        (other_path,) = [found for found in plans(tmp_path / "state") if found != path]
        path.write_bytes(other_path.read_bytes())
        trt.builds.pop()

    if attack == "folder":  # cannot be replaced by a file: the model runs all the same
        loader.open(shipped, "fp32").close()
    else:
        loader.open(shipped, "fp32").close()
        loader.open(shipped, "fp32").close()
        assert path.is_file()
        assert not path.is_symlink()
    assert len(trt.builds) == 2


def test_every_part_of_the_key_counts(loader: PlanLoader, shipped: ModelPackage) -> None:
    key = loader.key(shipped, "fp32")
    changes: "list[dict[str, Any]]" = [
        {"model_sha256": "0" * 64},
        {"tensorrt": "8.5.2.3"},
        {"compute_capability": "8.7"},
        {"device": "Orin"},
        {"precision": "fp32"},
        {"input_shape": (224, 224, 3)},
        {"profile": Profile(maximum=8)},
        {"workspace_mb": 256},
        {"flags": ()},
        {"recipe": 2},
    ]

    digests = {replace(key, **change).digest for change in changes}

    assert len(digests | {key.digest}) == len(changes) + 1
    assert set().union(*changes) == set(vars(key))


def test_another_tensorrt_or_gpu_builds_its_own(shipped: ModelPackage, tmp_path: Path) -> None:
    built = []
    for version, capability in (("8.5.2.2", (7, 2)), ("8.6.1.6", (7, 2)), ("8.5.2.2", (8, 7))):
        cuda = FakeCuda(capability)
        trt = FakeTensorRt(cuda, version)
        gpu = connect(Bindings(trt, cuda))
        PlanLoader(gpu, tmp_path).open(shipped, "fp32").close()
        gpu.thread.stop()
        built.append(len(trt.builds))

    assert built == [1, 1, 1]


def test_a_stored_plan_that_tensorrt_rejects_is_built_anew(
    loader: PlanLoader, shipped: ModelPackage, trt: FakeTensorRt
) -> None:
    loader._store.keep_plan(loader.key(shipped, "fp32"), b"sealed by us, but damaged before")

    loader.open(shipped, "fp32").close()

    assert len(trt.builds) == 1


def test_a_build_that_fails_gives_tensorrts_reason(
    loader: PlanLoader, shipped: ModelPackage, trt: FakeTensorRt
) -> None:
    trt.fail_build = True
    with pytest.raises(SessionError, match=r"fire-classifier/1 fp32: .*no implementation for node"):
        loader.open(shipped, "fp32")


def test_int8_without_a_permit_is_refused_with_what_to_do(loader: PlanLoader, shipped: ModelPackage) -> None:
    with pytest.raises(SessionError, match="hackai bench --gate"):
        loader.open(shipped, "int8-trt")
    assert loader.choose(shipped, "auto") == "fp32"


def test_a_permit_lets_auto_take_int8(loader: PlanLoader, shipped: ModelPackage) -> None:
    loader.keep_permit(shipped, permit())

    assert loader.choose(shipped, "auto") == "int8-trt"
    loader.open(shipped, "int8-trt").close()


@pytest.mark.parametrize(
    "change", [{"candidate_ms": 1.9}, {"candidate_correct": 377}, {"pictures": 100, "reference_correct": 99}]
)
def test_a_report_that_did_not_pass_takes_the_permit_away(
    loader: PlanLoader, shipped: ModelPackage, change: Any
) -> None:
    loader.keep_permit(shipped, permit())
    loader.keep_permit(shipped, permit(**change))

    assert loader.choose(shipped, "auto") == "fp32"


def test_a_permit_from_elsewhere_is_none(loader: PlanLoader, shipped: ModelPackage, tmp_path: Path) -> None:
    loader.keep_permit(shipped, permit())
    (path,) = (tmp_path / "state" / "engines").glob("*.permit.json")
    path.write_bytes(permit().model_dump_json().encode())

    assert loader.permit(shipped) is None


@pytest.mark.parametrize(("variant", "precision"), [("fp32", "int8"), ("int8-trt", "fp16")])
def test_a_variant_in_a_precision_that_it_was_not_made_for_is_refused(
    loader: PlanLoader, shipped: ModelPackage, variant: str, precision: Any
) -> None:
    with pytest.raises(SessionError, match="is wrong"):
        loader.open(shipped, variant, precision)


def test_a_key_that_others_may_read_is_refused(gpu: Gpu, tmp_path: Path) -> None:
    PlanLoader(gpu, tmp_path)
    (tmp_path / "engines.key").chmod(0o644)
    with pytest.raises(RuntimeUnavailable, match="chmod 600"):
        PlanLoader(gpu, tmp_path)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_key_of_another_length_is_refused(gpu: Gpu, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "engines.key").write_bytes(content)
    (tmp_path / "engines.key").chmod(0o600)
    with pytest.raises(RuntimeUnavailable, match="32 bytes"):
        PlanLoader(gpu, tmp_path)


def test_plans_and_key_are_private(loader: PlanLoader, shipped: ModelPackage, tmp_path: Path) -> None:
    loader.open(shipped, "fp32").close()
    for path in (tmp_path / "state" / "engines.key", *plans(tmp_path / "state")):
        assert path.stat().st_mode & 0o077 == 0
    assert not list((tmp_path / "state" / "engines").glob(".*"))  # no draft is left


def test_a_machine_without_an_l4t_release_is_refused_with_the_reason() -> None:
    with pytest.raises(RuntimeUnavailable, match=r"docker-compose\.jetson\.yml"):
        this_gpu()
