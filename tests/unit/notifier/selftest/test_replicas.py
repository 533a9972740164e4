"""Each instance of the inference service is proven in turn, or missed."""

from hackai_notifier.selftest.replicas import Replicas
from hackai_shared.config.canary import CanaryConfig

EVERY_S, PATIENCE_S = 100.0, 10.0


def replicas(*instances: str) -> Replicas:
    book = Replicas(CanaryConfig(every_s=EVERY_S, patience_s=PATIENCE_S))
    book.see(instances, 0.0)
    return book


def test_instances_that_are_proven_in_turn_are_never_overdue() -> None:
    book = replicas("a", "b", "c")
    for turn in range(1, 30):
        now = turn * EVERY_S
        book.see(["a", "b", "c"], now)
        assert book.overdue(now) == []
        book.prove("abc"[turn % 3], now)


def test_one_whose_turn_never_comes_is_overdue_and_until_it_is_proven() -> None:
    book = replicas("a", "b")
    for now in (100.0, 200.0, 300.0):
        book.prove("a", now)

    assert book.overdue(310.0) == []
    assert [(one.instance, one.age_s) for one in book.overdue(311.0)] == [("b", 311.0)]
    book.prove("b", 312.0)
    assert book.overdue(313.0) == []


def test_a_new_instance_has_its_whole_time_and_one_that_left_is_not_missed() -> None:
    book = replicas("a", "b")
    book.prove("a", 200.0)
    book.see(["a", "c"], 305.0)

    assert book.ages_s(305.0) == {"a": 105.0, "c": 0.0}
    assert book.overdue(305.0) == []


def test_while_no_canary_comes_through_at_all_nobody_is_accused() -> None:
    book = replicas("a", "b")
    book.begin_anew(1000.0)

    assert book.overdue(1000.0 + 3 * EVERY_S) == []


def test_a_canary_of_an_older_inference_service_accuses_nobody() -> None:
    book = replicas("a", "b")
    book.prove("", 300.0)
    book.prove("stranger", 300.0)

    assert book.ages_s(310.0) == {"a": 10.0, "b": 10.0}
