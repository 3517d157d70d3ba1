"""Timing for the benchmarks."""

from collections.abc import Callable
from statistics import median
from time import perf_counter


def median_ms(work: Callable[[], object], runs: int) -> float:
    """Return the median wall time of `runs` calls in ms, after one call that is not timed."""
    work()
    times = []
    for _ in range(runs):
        start = perf_counter()
        work()
        times.append(1e3 * (perf_counter() - start))
    return median(times)
