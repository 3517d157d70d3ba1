import gc
import subprocess
import sys
import threading
import time
import weakref
from itertools import pairwise
from threading import Barrier, Event
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psygnal import EmitLoopError

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.project.jobs import runner as module
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.jobs.runner import JobRunner, JobStatus
from waiting import LIMIT_S


class Bench:
    """A runner on a queue, and all that it said and landed."""

    def __init__(self, threads=3):
        self.main = MainThreadQueue()
        self.runner = JobRunner(self.main, threads)
        self.landed, self.states, self.errors = [], [], []
        self.runner.status_changed.connect(self._note)
        self.runner.errored.connect(lambda kind, error: self.errors.append((kind, str(error))))

    def _note(self, status):
        assert threading.current_thread() is threading.main_thread()
        self.states.append(status.state)

    def land(self, result):
        assert threading.current_thread() is threading.main_thread()
        self.landed.append(result)

    def submit(self, kind, work, **options):
        self.runner.submit(kind, work, self.land, **options)

    def state(self, kind="pick"):
        return self.runner.status(kind).state

    def until(self, condition):
        self.main.run_until(condition, LIMIT_S)

    def finish(self):
        self.until(lambda: not self.runner.is_busy)
        self.main.run_pending()


class Held:
    """Work that starts, then waits until it is released, and tells how it ended."""

    def __init__(self, result):
        self.result = result
        self.started, self.released, self.left = Event(), Event(), Event()
        self.cancelled = False

    def __call__(self, job):
        try:
            self.started.set()
            assert self.released.wait(LIMIT_S)
            job.advance(1, 1, "tile")
            return self.result
        except Cancelled:
            self.cancelled = True
            raise
        finally:
            self.left.set()

    def begin(self):
        assert self.started.wait(LIMIT_S)

    def end(self):
        self.released.set()
        assert self.left.wait(LIMIT_S)


def same(result):
    return lambda job: result


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.runner.close()
    assert bench.runner.join(LIMIT_S)


def test_result_lands_on_the_main_thread_and_only_when_it_looks(bench):
    threads = []
    work = Held(7)
    bench.submit("pick", lambda job: (threads.append(threading.current_thread()), work(job))[1])
    assert bench.state() == "running"
    work.begin()
    work.end()
    assert bench.landed == []
    assert bench.runner.is_busy
    bench.finish()
    assert bench.landed == [7]
    assert threads[0] is not threading.main_thread()
    assert bench.states[0] == "running"
    assert bench.states[-1] == "idle"
    assert bench.runner.status("pick") == JobStatus("pick", "idle")


def test_a_kind_never_seen_is_idle(bench):
    bench.runner.cancel("nothing")
    bench.runner.invalidate("nothing")
    assert bench.runner.status("nothing") == JobStatus("nothing", "idle")
    assert not bench.runner.is_busy


def test_jobs_of_one_kind_that_follow_each_other_land_in_order(bench):
    for number in range(5):
        bench.submit("pick", same(number))
        bench.finish()
    assert bench.landed == list(range(5))


def test_new_job_cancels_the_running_one_and_replaces_the_waiting_one(bench):
    first, second, third = Held(1), Held(2), Held(3)
    bench.submit("pick", first)
    first.begin()
    bench.submit("pick", second)
    bench.submit("pick", third)
    assert bench.state() == "waiting"
    first.end()
    third.begin()
    assert bench.state() == "running"
    third.end()
    bench.finish()
    assert bench.landed == [3]
    assert first.cancelled
    assert not second.started.is_set()


def test_a_live_job_lets_the_running_one_land_first(bench):
    first, second, third = Held(1), Held(2), Held(3)
    bench.submit("rank", first)
    first.begin()
    bench.submit("rank", second, live=True)
    bench.submit("rank", third, live=True)
    assert bench.state("rank") == "running"
    first.end()
    third.begin()
    bench.until(lambda: bench.landed == [1])
    assert bench.runner.is_busy
    third.end()
    bench.finish()
    assert bench.landed == [1, 3]
    assert not second.started.is_set()


def test_a_live_job_does_not_call_back_a_cancelled_one(bench):
    first = Held(1)
    bench.submit("rank", first)
    first.begin()
    bench.runner.cancel("rank")
    bench.submit("rank", same(2), live=True)
    assert bench.state("rank") == "waiting"
    first.end()
    bench.finish()
    assert bench.landed == [2]
    assert first.cancelled


@pytest.mark.parametrize("act", ["submit", "cancel", "invalidate", "close"])
def test_a_result_that_is_on_its_way_is_dropped_when_nobody_wants_it_any_more(bench, act):
    work = Held("stale")
    bench.submit("pick", work)
    work.begin()
    work.end()
    sentinel = Held("other")
    bench.submit("pick", sentinel, live=True)
    sentinel.begin()  # so the first has left its thread, and its result waits for the main thread
    {
        "submit": lambda: bench.submit("pick", same("new")),
        "cancel": lambda: bench.runner.cancel("pick"),
        "invalidate": lambda: bench.runner.invalidate("pick"),
        "close": lambda: bench.runner.close(),
    }[act]()
    sentinel.end()
    bench.finish()
    assert bench.landed == (["new"] if act == "submit" else [])


def test_cancel_stops_within_one_advance(bench):
    tiles, go_on = [], Event()

    def work(job):
        for tile in range(100):
            tiles.append(tile)
            if tile == 3:
                started.set()
                assert go_on.wait(LIMIT_S)
            job.advance(tile + 1, 100, "distance map")

    started = Event()
    bench.submit("pick", work)
    assert started.wait(LIMIT_S)
    bench.until(lambda: bench.states == ["running"])
    bench.runner.cancel("pick")
    status = bench.runner.status("pick")
    assert status == JobStatus("pick", "cancelling", "distance map", 3, 100)
    bench.main.run_pending()
    go_on.set()
    bench.finish()
    assert tiles == [0, 1, 2, 3]
    assert bench.states == ["running", "cancelling", "idle"]
    assert bench.landed == bench.errors == []


def test_cancel_drops_the_waiting_job_too(bench):
    first, second = Held(1), Held(2)
    bench.submit("pick", first)
    first.begin()
    bench.submit("pick", second)
    bench.runner.cancel("pick")
    assert bench.state() == "cancelling"
    first.end()
    bench.finish()
    assert bench.landed == []
    assert not second.started.is_set()


def test_invalidate_is_idle_at_once(bench):
    work = Held(1)
    bench.submit("pick", work)
    work.begin()
    bench.main.run_pending()
    bench.runner.invalidate("pick")
    assert bench.state() == "idle"
    assert not bench.runner.is_busy
    bench.runner.cancel("pick")
    assert bench.state() == "idle"
    work.end()
    bench.submit("pick", same(2))
    bench.finish()
    assert work.cancelled
    assert bench.landed == [2]
    assert bench.states[-1] == "idle"
    assert "cancelling" not in bench.states


def test_a_job_that_never_advances_is_dropped_after_cancel(bench):
    entered, released = Event(), Event()

    def work(job):
        entered.set()
        return released.wait(LIMIT_S)

    bench.submit("pick", work)
    assert entered.wait(LIMIT_S)
    bench.runner.cancel("pick")
    released.set()
    bench.finish()
    assert bench.landed == []


def test_work_that_gives_up_by_itself_is_silent(bench):
    def work(job):
        raise Cancelled

    bench.submit("pick", work)
    bench.finish()
    assert bench.landed == bench.errors == []
    assert bench.states == ["running", "idle"]


def test_kinds_run_side_by_side_up_to_the_number_of_threads():
    bench = Bench(threads=2)
    works = {kind: Held(kind) for kind in ("pick", "rank", "judge")}
    for kind, work in works.items():
        bench.submit(kind, work)
    assert [bench.state(kind) for kind in works] == ["running", "running", "waiting"]
    works["pick"].begin()
    works["rank"].begin()
    works["rank"].end()
    works["judge"].begin()
    works["judge"].end()
    bench.until(lambda: sorted(bench.landed) == ["judge", "rank"])
    works["pick"].end()
    bench.finish()
    assert bench.landed[-1] == "pick"
    bench.runner.close()
    assert bench.runner.join(LIMIT_S)


def test_a_busy_slider_cannot_keep_another_kind_from_running():
    bench = Bench(threads=1)
    moves, pick = [Held(number) for number in range(3)], Held("pick")
    bench.submit("rank", moves[0])
    bench.submit("pick", pick)
    for move, next_move in pairwise(moves):
        move.begin()
        bench.submit("rank", next_move, live=True)
        move.end()
    pick.begin()
    assert bench.state("rank") == "waiting"
    pick.end()
    moves[2].end()
    bench.finish()
    assert bench.landed == [0, 1, "pick", 2]
    bench.runner.close()
    assert bench.runner.join(LIMIT_S)


def test_errors_go_to_their_listener_on_the_main_thread(bench):
    caught = []

    def work(job):
        raise ValueError("no particle")

    bench.submit("pick", work, on_error=lambda error: caught.append(
        (str(error), threading.current_thread() is threading.main_thread())
    ))  # fmt: skip
    bench.finish()
    assert caught == [("no particle", True)]
    bench.submit("pick", work)
    bench.finish()
    assert bench.errors == [("pick", "no particle")]
    bench.submit("pick", same(1))
    bench.finish()
    assert bench.landed == [1]


def test_an_error_that_nobody_waits_for_is_dropped(bench):
    entered, released = Event(), Event()

    def work(job):
        entered.set()
        released.wait(LIMIT_S)
        raise ValueError("stale")

    bench.submit("pick", work)
    assert entered.wait(LIMIT_S)
    bench.runner.cancel("pick")
    released.set()
    bench.finish()
    assert bench.errors == []


def test_listeners_that_fail_break_nothing(bench):
    def fail(result):
        raise KeyError(result)

    def work(job):
        raise ValueError("work")

    bench.runner.submit("pick", same("a"), fail)
    bench.finish()
    bench.runner.submit("pick", work, bench.land, fail)
    bench.finish()
    assert bench.errors == [("pick", "'a'"), ("pick", "ValueError('work')")]
    assert bench.states == ["running", "idle"] * 2
    bench.submit("pick", same("b"))
    bench.finish()
    assert bench.landed == ["b"]


def test_a_listener_of_errors_that_fails_leaves_the_kind_idle():
    main = MainThreadQueue()
    runner, states = JobRunner(main), []
    runner.status_changed.connect(lambda status: states.append(status.state))
    runner.errored.connect(lambda kind, error: 1 / 0)
    runner.submit("pick", lambda job: 1 / 0, print)
    with pytest.raises(EmitLoopError):
        main.run_until(lambda: not runner.is_busy, LIMIT_S)
    assert states == ["running", "idle"]
    runner.close()
    assert runner.join(LIMIT_S)


def test_a_result_may_start_the_next_job(bench):
    def next_job(result):
        assert bench.state() == "idle"
        bench.submit("pick", same(result + 1))
        bench.submit("judge", same(result + 2))

    bench.runner.submit("pick", same(1), next_job)
    bench.finish()
    assert sorted(bench.landed) == [2, 3]


def test_progress_is_told_but_not_more_often_than_the_eye_sees(bench, monkeypatch):
    clock, seen, in_step = [0.0], [], Barrier(2, timeout=LIMIT_S)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    bench.runner.status_changed.connect(lambda status: seen.append(status.done))

    def work(job):
        for tile in range(1, 101):
            clock[0] = tile / 128  # exact in binary: every 7th is more than 50 ms later
            job.advance(tile, 100, "distance map")
            in_step.wait()
            in_step.wait()

    bench.submit("pick", work)
    for tile in range(1, 101):
        in_step.wait()
        bench.main.run_pending()
        assert bench.runner.status("pick") == JobStatus(
            "pick", "running", "distance map", tile, 100
        )
        in_step.wait()
    bench.finish()
    assert seen == [*range(1, 101, 7), 0]


def test_progress_of_an_unattended_job_does_not_pile_up(bench, monkeypatch):
    monkeypatch.setattr(module, "_PROGRESS_EVERY_S", 0.0)
    posted = []
    runner = JobRunner(posted.append)
    runner.submit("pick", lambda job: [job.advance(n, 99, "tile") for n in range(99)], print)
    runner.submit("rank", same(0), print)
    end = time.monotonic() + LIMIT_S
    while len(posted) < 4 and time.monotonic() < end:
        time.sleep(0.001)
    runner.close()
    assert runner.join(LIMIT_S)
    assert len(posted) == 4  # of each kind, one status and one result


def test_a_new_job_starts_without_the_progress_of_the_one_before(bench):
    bench.submit("pick", lambda job: job.advance(1, 2, "distance map"))
    bench.finish()
    work = Held(1)
    bench.submit("pick", work)
    work.begin()
    assert bench.runner.status("pick") == JobStatus("pick", "running")
    work.end()
    bench.finish()


def test_close_while_running_ends_the_threads_and_delivers_nothing():
    bench = Bench()
    works = [Held(kind) for kind in "abc"]
    for work in works:
        bench.submit(work.result, work)
        work.begin()
    bench.submit("a", same("waiting"), live=True)
    posted = []
    bench.main.run_pending()
    bench.states.clear()
    bench.runner._deliver = posted.append
    bench.runner.close()
    bench.runner.close()
    assert not bench.runner.join(0)
    bench.submit("d", same("late"))
    for work in works:
        work.end()
    assert bench.runner.join(LIMIT_S)
    bench.main.run_pending()
    assert bench.landed == bench.states == bench.errors == posted == []
    assert all(work.cancelled for work in works)
    assert not bench.runner.is_busy


def test_an_idle_runner_closes_at_once_and_keeps_no_result_alive():
    class Result:
        pass

    bench = Bench()
    result = Result()
    alive = weakref.ref(result)
    bench.runner.submit("pick", lambda job, result=result: result, lambda result: None)
    del result
    bench.finish()
    bench.until(lambda: (gc.collect(), alive())[1] is None)
    bench.runner.close()
    assert bench.runner.join(LIMIT_S)


def test_a_dropped_job_that_never_ran_keeps_nothing_alive():
    class Work:
        def __call__(self, job):
            raise AssertionError

    bench, holder, work = Bench(threads=1), Held(1), Work()
    alive = weakref.ref(work)
    bench.submit("rank", holder)
    bench.submit("pick", work)
    assert bench.state() == "waiting"
    bench.runner.cancel("pick")
    assert bench.state() == "idle"
    del work
    gc.collect()
    assert alive() is None
    bench.runner.close()
    holder.end()
    assert bench.runner.join(LIMIT_S)


@pytest.mark.parametrize(
    ("step", "wait", "printed"),
    [("job.advance(0, 1, 'tile')", LIMIT_S, b"stopped"), ("time.sleep(60)", 0.2, b"")],
)
def test_a_program_quits_while_a_job_runs(step, wait, printed):
    script = f"""
import os, time
from threading import Event
from napari_drpnet.project.jobs import runner
runner._WAIT_AT_EXIT_S = {wait}
started = Event()
def work(job):
    started.set()
    try:
        while True:
            {step}
    except runner.Cancelled:
        os.write(1, b"stopped")
runner.JobRunner(lambda call: None).submit("pick", work, lambda result: None)
assert started.wait({LIMIT_S})
"""
    done = subprocess.run(
        [sys.executable, "-c", script], timeout=LIMIT_S, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, b"")


KINDS = ("pick", "rank")
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "live", "cancel", "invalidate", "pump", "settle"]),
        st.sampled_from(KINDS),
        st.integers(0, 3),
    ),
    max_size=40,
)


@hypothesis_settings(max_examples=150)
@given(actions=ACTIONS, threads=st.integers(1, 3))
def test_the_last_job_that_is_wanted_lands_once_and_last(actions, threads):
    bench = Bench(threads)
    oldest_wanted = dict.fromkeys(KINDS, 0)
    landed = {kind: [] for kind in KINDS}
    running = dict.fromkeys(KINDS, 0)
    most_at_once = []

    def submit(kind, number, tiles, live):
        def work(job):
            running[kind] += 1
            most_at_once.append((running[kind], sum(running.values())))
            try:
                for tile in range(tiles):
                    job.advance(tile, tiles, "tile")
                return number
            finally:
                running[kind] -= 1

        def land(result):
            assert result >= oldest_wanted[kind]
            landed[kind].append(result)

        bench.runner.submit(kind, work, land, live=live)

    last = dict.fromkeys(KINDS)
    for number, (action, kind, tiles) in enumerate(actions):
        if action in ("submit", "live"):
            last[kind] = number
            if action == "submit":
                oldest_wanted[kind] = number
            submit(kind, number, tiles, action == "live")
        elif action in ("cancel", "invalidate"):
            getattr(bench.runner, action)(kind)
            oldest_wanted[kind], last[kind] = number, None
        elif action == "pump":
            bench.main.run_pending()
        else:
            bench.finish()
    bench.finish()
    bench.runner.close()
    assert bench.runner.join(LIMIT_S)
    bench.main.run_pending()
    assert bench.errors == []
    for kind in KINDS:
        assert landed[kind] == sorted(set(landed[kind]))
        if last[kind] is not None:
            assert landed[kind][-1] == last[kind]
    assert all(of_kind == 1 and of_all <= threads for of_kind, of_all in most_at_once)
    assert not bench.states or bench.states[-1] == "idle"


def test_all_kinds_but_some_are_invalidated(bench):
    works = {kind: Held(kind) for kind in ("one", "two", "three")}
    for kind, work in works.items():
        bench.submit(kind, work)
        work.begin()
    bench.runner.invalidate_all(but=("two",))
    assert [bench.state(kind) for kind in works] == ["idle", "running", "idle"]
    for work in works.values():
        work.end()
    bench.finish()
    assert bench.landed == ["two"]
    assert [work.cancelled for work in works.values()] == [True, False, True]
