"""How many files a reader meets on the way of one action: modules that run, and calls between them.

Each trip is made once to warm up, then traced. Imports do not count, nor does what a file calls in
itself. Prints the table, and the files in the order in which they are entered.
"""

import argparse
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np

import napari_drpnet
from napari_drpnet.cli.group import main as drpnet
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.simulation import simulate_micrograph
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.parameters import SimulationParameters

ROOT = Path(napari_drpnet.__file__).parent
DIAMETER = 180.0
LIMIT_S = 300.0


class Trip:
    """The files that were entered, in order, and the arrows between them."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.arrows: set[tuple[str, str]] = set()

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Note a call; for `sys.setprofile`."""
        if event != "call" or frame.f_code.co_name == "<module>":
            return
        entered = _own_file(frame)
        if entered is None:
            return
        self.files[entered] = None
        caller = frame.f_back
        while caller is not None and _own_file(caller) is None:
            caller = caller.f_back
        origin = _own_file(caller) if caller is not None else None
        if origin not in (None, entered):
            self.arrows.add((origin, entered))


def _own_file(frame: FrameType) -> str | None:
    path = frame.f_code.co_filename
    if not path.startswith(str(ROOT)):
        return None
    return Path(path).relative_to(ROOT).with_suffix("").as_posix()


@contextmanager
def traced() -> Iterator[Trip]:
    """Trace this thread, and those that start inside."""
    trip = Trip()
    threading.setprofile(trip.note)
    sys.setprofile(trip.note)
    try:
        yield trip
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def travel(action: Callable[[], None]) -> Trip:
    """Do something twice, and trace the second time."""
    action()
    with traced() as trip:
        action()
    return trip


def measure(folder: Path) -> dict[str, Trip]:
    """Trace a picked micrograph, a click on a point, and a tick of two sliders."""
    simulated = simulate_micrograph(SimulationParameters(particles=80, dose=30), seed=1)
    write_simulated(folder, "sample", simulated)
    micrograph = folder / "sample.mrc"
    asked = ["pick", str(micrograph), "--diameter", str(DIAMETER), "--overwrite"]
    trips = {
        "drpnet pick": travel(
            lambda: drpnet([*asked, "--out", str(folder / "out")], standalone_mode=False)
        )
    }
    main_thread = MainThreadQueue()
    session = Session(main_thread, SessionOptions(projects_root=folder / "projects"))

    def finish() -> None:
        main_thread.run_until(lambda: not session.runner.is_busy, LIMIT_S)
        main_thread.run_pending()

    session.open_paths([micrograph])
    finish()
    session.change("particle", diameter_angstrom=DIAMETER)
    session.picking.pick_current()
    finish()
    places = iter(session.current.stored.picks.centers_yx.tolist())
    sliders = iter(np.linspace(0.2, 0.3, 4).tolist())
    trips["click on a point"] = travel(lambda: session.current.click(next(places)))
    trips["tick of threshold"] = travel(
        lambda: session.change("peaks", live=True, threshold=next(sliders))
    )
    finish()
    session.close()
    return trips


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", action="store_true", help="also list the files of each trip")
    listed = parser.parse_args().files
    with tempfile.TemporaryDirectory() as folder:
        trips = measure(Path(folder))
    print("| trip | files | arrows |\n|---|---|---|")
    for name, trip in trips.items():
        print(f"| {name} | {len(trip.files)} | {len(trip.arrows)} |")
    if listed:
        for name, trip in trips.items():
            print(f"\n{name}:\n  " + "\n  ".join(trip.files))


if __name__ == "__main__":
    main()
