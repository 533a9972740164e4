"""hackai_inference.shadow.samples: a bounded folder of disagreements."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from hackai_inference.shadow.samples import SampleFolder
from hackai_inference.shadow.tally import Disagreement

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


def apart(strength: float) -> Disagreement:
    return Disagreement("no_fire", "fire", 0.0, strength)


def test_the_clearest_cases_stay(tmp_path: Path) -> None:
    folder = SampleFolder(tmp_path / "s", limit=2)
    for number, strength in enumerate([0.5, 0.9, 0.6, 0.2]):
        folder.keep("hall", bytes([number]), apart(strength), NOW)

    kept = folder.list()
    assert [sample.other_alarm for sample in kept] == [0.9, 0.6]
    assert folder.picture(kept[0].id) == b"\x01"
    assert len(list((tmp_path / "s").iterdir())) == 4  # two pictures and what is known of each


def test_only_what_was_kept_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    folder = SampleFolder(tmp_path / "s")
    assert folder.picture("../secret") is None


def test_samples_of_a_comparison_before_are_removed(tmp_path: Path) -> None:
    SampleFolder(tmp_path).keep("hall", b"old", apart(0.9), NOW)
    assert SampleFolder(tmp_path).list() == []
    assert list(tmp_path.iterdir()) == []
