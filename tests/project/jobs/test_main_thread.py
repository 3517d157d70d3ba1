from threading import Thread

import pytest

from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from waiting import LIMIT_S


def test_nothing_runs_before_the_main_thread_looks():
    queue, seen = MainThreadQueue(), []
    queue(lambda: seen.append(1))
    queue(lambda: seen.append(2))
    assert seen == []
    queue.run_pending()
    assert seen == [1, 2]
    queue.run_pending()
    assert seen == [1, 2]


def test_what_is_added_meanwhile_runs_too():
    queue, seen = MainThreadQueue(), []
    queue(lambda: queue(lambda: seen.append("inner")))
    queue.run_pending()
    assert seen == ["inner"]


def test_pumping_ends_as_soon_as_the_condition_holds():
    queue, seen = MainThreadQueue(), []
    for number in range(3):
        queue(lambda number=number: seen.append(number))
    queue.run_until(lambda: len(seen) == 2, LIMIT_S)
    assert seen == [0, 1]


def test_pumping_sees_calls_of_other_threads_and_changes_without_calls():
    queue, seen = MainThreadQueue(), []
    thread = Thread(target=lambda: queue(lambda: seen.append("called")))
    thread.start()
    queue.run_until(lambda: seen == ["called"], LIMIT_S)
    queue.run_until(lambda: not thread.is_alive(), LIMIT_S)


def test_pumping_gives_up_even_when_calls_never_end():
    queue = MainThreadQueue()
    with pytest.raises(TimeoutError, match=r"0\.02 s"):
        queue.run_until(lambda: False, 0.02)

    def again():
        queue(again)

    queue(again)
    with pytest.raises(TimeoutError):
        queue.run_until(lambda: False, 0.02)


def test_an_exception_reaches_the_caller_and_the_rest_still_runs():
    queue, seen = MainThreadQueue(), []
    queue(lambda: 1 / 0)
    queue(lambda: seen.append("rest"))
    with pytest.raises(ZeroDivisionError):
        queue.run_pending()
    queue.run_pending()
    assert seen == ["rest"]
