"""Paint strokes in windows that end themselves by SIGKILL, each at another moment.

    python paint_points.py COUNT MICROGRAPH

The strokes are painted once to their end in the project ``whole``, then COUNT times in the projects
``killed0``, ``killed1``, ... Moments are the events of the mouse, and the calls that bring a file
to the disk or put it in its place. ``whole.npy`` has the classes after each stroke, and
``killed0.said`` one byte for each stroke that had ended.
"""

import importlib.util
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import napari
import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
spec = importlib.util.spec_from_file_location("window", TESTS / "plugin/conftest.py")
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

#: Class and places of each stroke, which cross each other.
STROKES = [
    (1 + number % 4, [(20.0 + 15 * number, 20.0), (60.0, 60.0 + 9 * number), (140.0, 130.0)])
    for number in range(8)
]


class Moments:
    """Counts what happens, and ends the process at one of the moments."""

    def __init__(self, last: int | None) -> None:
        self._numbers, self._last, self.total = count(), last, 0

    def watch(self, call: Callable[..., object]) -> Callable[..., object]:
        """Return a function that does the same, and counts."""

        def watched(*arguments: object, **more: object) -> object:
            self.total = next(self._numbers) + 1
            if self.total - 1 == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **more)

        return watched


def paint(micrograph: Path, folder: Path, last: int | None = None) -> int:
    """Paint all strokes in a window; return how many moments there were."""
    window = conftest.Window(napari.Viewer(show_welcome_screen=False))
    session, view = window.session, window.session.view
    session.open_paths([micrograph], folder)
    window.wait()
    view.stroke_brush, view.paints = 9, True
    window.settle()
    moments, after = Moments(last), []
    window.mouse = moments.watch(window.mouse)
    os.fsync, os.replace = moments.watch(os.fsync), moments.watch(os.replace)
    with folder.with_suffix(".said").open("wb", buffering=0) as said:
        for number, places in STROKES:
            view.stroke_class = number
            window.drag(*places)
            said.write(b".")
            after.append(window.viewer.layers["strokes"].data.copy())
    np.save(folder.with_suffix(".npy"), after)
    return moments.total


def run_apart(micrograph: Path, folder: Path, last: int | None = None) -> tuple[int, int]:
    """Paint in a process of its own; return its exit code, and the number of moments."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, str(paint(micrograph, folder, last)).encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as file:
        told = file.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), int(told or 0)


if __name__ == "__main__":
    wanted, path = int(sys.argv[1]), Path(sys.argv[2])
    code, total = run_apart(path, Path("whole"))
    assert code == 0
    for number in range(wanted):
        last = (2 * number + 1) * total // (2 * wanted)
        code, _ = run_apart(path, Path(f"killed{number}"), last)
        if code != -signal.SIGKILL:
            sys.exit(f"moment {last} of {total} has not come")
