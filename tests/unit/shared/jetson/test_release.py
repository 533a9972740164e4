from __future__ import annotations

from pathlib import Path

import pytest

from hackai_shared.jetson.release import Release, ReleaseError, is_jetson, why_unsupported

# As recorded on boards.
RECORDED = {
    "32.6.1": "# R32 (release), REVISION: 6.1, GCID: 27863751, BOARD: t186ref, EABI: aarch64, "
    "DATE: Mon Jul 26 19:36:31 UTC 2021",
    "35.4.1": "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, "
    "DATE: Tue Aug  1 19:57:35 UTC 2023",
    "36.4.3": "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, "
    "DATE: Wed Jan  8 01:49:37 UTC 2025\n# KERNEL_VARIANT: oot\n",
}


@pytest.mark.parametrize("version", sorted(RECORDED))
def test_recorded_texts_are_read(version: str) -> None:
    assert str(Release.parse(RECORDED[version])) == version


@pytest.mark.parametrize("text", ["", "Ubuntu 20.04", "# R35 (release)"])
def test_another_text_is_an_error(text: str) -> None:
    with pytest.raises(ReleaseError):
        Release.parse(text)


def test_a_missing_file_and_a_folder_in_its_place_are_no_release(tmp_path: Path) -> None:
    assert Release.of_this_host(tmp_path) is None
    (tmp_path / "etc" / "nv_tegra_release").mkdir(parents=True)
    assert Release.of_this_host(tmp_path) is None


def test_the_file_of_a_host_is_read(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "nv_tegra_release").write_text(RECORDED["35.4.1"])
    assert Release.of_this_host(tmp_path) == Release(35, 4, 1)
    assert is_jetson(tmp_path)


def test_the_kernel_knows_a_tegra_also_inside_a_container(tmp_path: Path) -> None:
    assert not is_jetson(tmp_path)
    (tmp_path / "sys" / "devices" / "soc0").mkdir(parents=True)
    (tmp_path / "sys" / "devices" / "soc0" / "family").write_text("Tegra\n")
    assert is_jetson(tmp_path)


@pytest.mark.parametrize("release", [Release(35, 1, 0), Release(35, 4, 1), Release(35, 6, 4)])
def test_jetpack_5_is_supported(release: Release) -> None:
    assert why_unsupported(release) is None


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        (None, "docker-compose.jetson.yml"),
        (Release(32, 7, 5), "JetPack 4"),
        (Release(34, 1, 1), "developer preview"),
        (Release(36, 4, 3), "Orin"),
    ],
)
def test_other_releases_are_refused_with_the_reason(release: Release, reason: str) -> None:
    assert reason in (why_unsupported(release) or "")
