"""Progress bars on stderr, drawn only where somebody looks at it."""

import sys
import time
from types import TracebackType
from typing import NoReturn, Self

from tqdm import tqdm

from napari_drpnet.jobs import Job


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
    """Counts finished micrographs, and tiles as fractions of one.

    Parameters
    ----------
    total : int
        How many micrographs.
    """

    def __init__(self, total: int) -> None:
        layout = "{percentage:3.0f}% {bar} {n:.1f}/{total} micrographs, {remaining} left "
        self._finished = 0
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
        if stage == "distance map" and done < total:
            self._show(self._finished + done / total)

    def finish_one(self) -> None:
        """Count a micrograph."""
        self._finished += 1
        self._show(self._finished)

    def write(self, line: str) -> None:
        """Print a line to stdout, above the bar where there is one."""
        tqdm.write(line)

    def _show(self, done: float) -> None:
        self._bar.n = done
        self._bar.refresh()
