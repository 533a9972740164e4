from hackai_notifier.selftest import canary_texts
from hackai_notifier.selftest.replicas import Unproven
from hackai_notifier.texts.wording import plain


def test_a_broken_watch_says_which_leg_and_since_when() -> None:
    lines = plain(canary_texts.watch_broken("Redis does not answer", 335.0)).splitlines()

    assert lines[:2] == [
        "⚠️ THE FIRE WATCH IS BROKEN",
        "No test fire has come through for 5 min 35 s: Redis does not answer.",
    ]


def test_a_part_that_is_not_proven_is_named_and_cannot_write_markup() -> None:
    text = canary_texts.unproven(Unproven("<b>box-7</b>", 1000.0))

    assert "The inference service &lt;b&gt;box-7&lt;/b&gt; responds" in text
    assert "16 min 40 s" in text


def test_repairs_are_told_too() -> None:
    assert "the first one for 1 h 2 min" in plain(canary_texts.watch_works(3720.0))
    assert "box-7 again" in canary_texts.proven("box-7")
