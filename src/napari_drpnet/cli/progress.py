"""Progress bars on standard error, shown only if it is a terminal."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self

from tqdm import tqdm

from napari_drpnet.base.jobs import Job
from napari_drpnet.batch.workers.cluster import WAITING
from napari_drpnet.cli.output import printable

#: Stages that may be the first with tiles: of a detector, and of a segmenter as a detector.
_STAGES = ("distance map", "classes")


class StageBar(Job):
    """Progress bar for each stage of long work, with the time left."""

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
        """Show the progress of a stage."""
        if self._bar is None or stage != self._stage:
            self._begin(stage, total)
        assert self._bar is not None
        self._bar.update(done - self._done)
        self._done, self._total = done, total

    @property
    def seconds_left(self) -> float:
        """Time until the end of the stage in seconds, at the average speed so far."""
        elapsed = time.perf_counter() - self._began
        return elapsed * (self._total - self._done) / max(1, self._done)

    def write(self, line: str) -> None:
        """Print a line to standard error, above the bar if it is shown."""
        tqdm.write(printable(line), file=sys.stderr)

    def _begin(self, stage: str, total: int) -> None:
        if self._bar is not None:
            self._bar.close()
        layout = "{desc} {percentage:3.0f}% {bar} {n}/{total}, {remaining} left "
        self._bar = tqdm(total=total, desc=stage, bar_format=layout, disable=None, leave=False)
        self._stage, self._done = stage, 0
        self._began = time.perf_counter()


class MicrographBar(Job):
    """Progress bar of micrographs, with the rate and the time left.

    Finished tiles count as a fraction of a micrograph.

    Parameters
    ----------
    total : int or None
        Number of micrographs; None if it is unknown, because more may come.
    clock : callable
        Function that returns the time in seconds.
    """

    def __init__(self, total: int | None, clock: Callable[[], float] = time.perf_counter) -> None:
        layout = "{n:.1f} micrographs{postfix} "
        if total is not None:
            layout = "{percentage:3.0f}% {bar} {n:.1f}/{total} micrographs{postfix} "
        self._clock, self._total = clock, total
        self._began: float | None = None
        self._finished = self._earlier = 0
        self._stage: str | None = None
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
        """Show the progress of the first stage of a micrograph that has tiles."""
        if stage == WAITING:
            self._bar.set_postfix_str(stage)
            return
        if self._began is None:
            self._began = self._clock()
        self._stage = self._stage or (stage if stage in _STAGES else None)
        if stage == self._stage and done < total:
            self._show(self._finished + done / total)

    def finish_one(self, earlier: bool = False) -> None:
        """Count a finished micrograph; one from an earlier run does not affect the rate."""
        self._finished += 1
        self._earlier += earlier
        self._show(self._finished)

    @property
    def per_minute(self) -> float | None:
        """Number of micrographs picked per minute; None before the first."""
        picked = self._finished - self._earlier
        if self._began is None or picked == 0:
            return None
        return 60 * picked / max(self._clock() - self._began, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Time for the remaining micrographs in seconds, at the rate so far; None if unknown."""
        if self._total is None or self.per_minute is None:
            return None
        return 60 * (self._total - self._finished) / self.per_minute

    def write(self, line: str) -> None:
        """Print a line to standard output, above the bar if it is shown."""
        tqdm.write(printable(line))

    def warn(self, line: str) -> None:
        """Print a line to standard error, above the bar if it is shown."""
        tqdm.write(printable(line), file=sys.stderr)

    def _show(self, done: float) -> None:
        rate, left = self.per_minute, self.seconds_left
        pieces = [
            f"{rate:.1f}/min" if rate is not None else "",
            f"{tqdm.format_interval(left)} left" if left is not None else "",
        ]
        self._bar.n = done
        self._bar.set_postfix_str(", ".join(filter(None, pieces)), refresh=False)
        self._bar.refresh()
