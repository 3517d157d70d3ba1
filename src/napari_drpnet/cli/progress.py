"""A progress bar over micrographs, on stderr, and only where somebody looks at it."""

from types import TracebackType
from typing import Self

from tqdm import tqdm

from napari_drpnet.jobs import Job


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
