"""Progress bars on stderr, drawn only where somebody looks at it."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self

from tqdm import tqdm

from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.workers.cluster import WAITING


class StageBar(Job):
    """One bar for each stage of long work, with the time left."""

    def __init__(self) -> None:
        self._stage, self._done, self._total = "", 0, 1
        self._began = time.perf_counter()
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self, done: int, total: int, stage: str) -> None:
        """Show how far a stage is."""
        if self._bar is None or stage != self._stage:
            self._begin(stage, total)
        assert self._bar is not None
        self._bar.update(done - self._done)
        self._done, self._total = done, total

    @property
    def seconds_left(self) -> float:
        """How long the stage still takes, if it goes on as it went."""
        elapsed = time.perf_counter() - self._began
        return elapsed * (self._total - self._done) / max(1, self._done)

    def write(self, line: str) -> None:
        """Print a line to stderr, above the bar where there is one."""
        tqdm.write(line, file=sys.stderr)

    def _begin(self, stage: str, total: int) -> None:
        if self._bar is not None:
            self._bar.close()
        layout = "{desc} {percentage:3.0f}% {bar} {n}/{total}, {remaining} left "
        self._bar = tqdm(total=total, desc=stage, bar_format=layout, disable=None, leave=False)
        self._stage, self._done = stage, 0
        self._began = time.perf_counter()


class MicrographBar(Job):
    """Counts finished micrographs, and tiles as fractions of one, with the rate and time left.

    Parameters
    ----------
    total : int or None
        How many micrographs; None where nobody knows, since more may come.
    clock : callable
        Returns the time in seconds.
    """

    def __init__(self, total: int | None, clock: Callable[[], float] = time.perf_counter) -> None:
        layout = "{n:.1f} micrographs{postfix} "
        if total is not None:
            layout = "{percentage:3.0f}% {bar} {n:.1f}/{total} micrographs{postfix} "
        self._clock, self._total = clock, total
        self._began: float | None = None
        self._finished = self._earlier = 0
        self._bar = tqdm(total=total, bar_format=layout, disable=None, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def advance(self, done: int, total: int, stage: str) -> None:
        """Show how far the distance map is, which is done first."""
        if stage == WAITING:
            self._bar.set_postfix_str(stage)
            return
        if self._began is None:
            self._began = self._clock()
        if stage == "distance map" and done < total:
            self._show(self._finished + done / total)

    def finish_one(self, earlier: bool = False) -> None:
        """Count a micrograph; one that an earlier run has finished says nothing about the rate."""
        self._finished += 1
        self._earlier += earlier
        self._show(self._finished)

    @property
    def per_minute(self) -> float | None:
        """How many micrographs are picked per minute; None before the first."""
        picked = self._finished - self._earlier
        if self._began is None or picked == 0:
            return None
        return 60 * picked / max(self._clock() - self._began, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes, if it goes on as it went; None where nobody knows."""
        if self._total is None or self.per_minute is None:
            return None
        return 60 * (self._total - self._finished) / self.per_minute

    def write(self, line: str) -> None:
        """Print a line to stdout, above the bar where there is one."""
        tqdm.write(line)

    def warn(self, line: str) -> None:
        """Print a line to stderr, above the bar where there is one."""
        tqdm.write(line, file=sys.stderr)

    def _show(self, done: float) -> None:
        rate, left = self.per_minute, self.seconds_left
        pieces = [
            f"{rate:.1f}/min" if rate is not None else "",
            f"{tqdm.format_interval(left)} left" if left is not None else "",
        ]
        self._bar.n = done
        self._bar.set_postfix_str(", ".join(filter(None, pieces)), refresh=False)
        self._bar.refresh()
