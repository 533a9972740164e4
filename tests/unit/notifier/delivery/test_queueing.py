from hackai_notifier.delivery.queueing import STUBBORN, Choice, Queued, choose


def test_the_first_due_step_is_tried() -> None:
    assert choose([Queued(1, 0.0, 0), Queued(2, 0.0, 0)], 5.0, in_order=True, overtake=False) == Choice(step_id=1)


def test_an_empty_queue_waits_for_news() -> None:
    assert choose([], 5.0, in_order=True, overtake=False) == Choice()


def test_order_is_kept_while_the_head_backs_off() -> None:
    queue = [Queued(1, 8.0, 2), Queued(2, 0.0, 0)]

    assert choose(queue, 5.0, in_order=True, overtake=False) == Choice(wait_s=3.0)


def test_a_young_failure_is_never_overtaken() -> None:
    queue = [Queued(1, 8.0, STUBBORN - 1), Queued(2, 0.0, 0)]

    assert choose(queue, 5.0, in_order=True, overtake=True) == Choice(wait_s=3.0)


def test_a_stubborn_head_may_be_overtaken_when_it_has_just_failed_again() -> None:
    queue = [Queued(1, 60.0, STUBBORN), Queued(2, 0.0, 0)]

    assert choose(queue, 5.0, in_order=True, overtake=True) == Choice(step_id=2)
    assert choose(queue, 5.0, in_order=True, overtake=False) == Choice(wait_s=55.0)


def test_clips_go_as_they_become_ready() -> None:
    queue = [Queued(1, 9.0, 0), Queued(2, 7.0, 0), Queued(3, 5.0, 0)]

    assert choose(queue, 5.0, in_order=False, overtake=False) == Choice(step_id=3)
    assert choose(queue, 4.0, in_order=False, overtake=False) == Choice(wait_s=1.0)
