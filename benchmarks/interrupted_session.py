"""A session of the window without a window, which goes on where it was interrupted.

Picks all micrographs of RELION's list, makes `EDITS` corrections with a change of settings before
each, prints each as soon as it is saved, and exports the picks. Started again with the same folder,
it prints how many corrections are there, and makes the others.
"""

import sys
from pathlib import Path
from time import sleep

from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions

DIAMETER_ANGSTROM = 180.0
#: Number of corrections, and their distance in pixels on a grid of so many columns.
EDITS, PITCH, COLUMNS = 80, 60, 8
PAUSE_SECONDS = 0.02
WAIT_SECONDS = 300.0


def work(session: Session, queue: MainThreadQueue, folder: Path, micrographs_star: Path) -> None:
    """Pick, correct and export, or what of this is left to do."""

    def finish() -> None:
        queue.run_until(lambda: not session.runner.is_busy, WAIT_SECONDS)
        queue.run_pending()

    session.noticed.connect(lambda notice: print(f"{notice.level}: {notice.text}", flush=True))
    session.open_paths([micrographs_star], folder=folder / "project")
    finish()
    session.change("particle", diameter_angstrom=DIAMETER_ANGSTROM)
    session.picking.pick_all()
    finish()
    names = list(session.project.micrographs)
    there = sum(len(session.project.labels(name)) for name in names)
    print(f"there {there}", flush=True)
    for number in range(there, EDITS):
        session.change("peaks", max_count=1000 + number)
        session.current.select(names[number % len(names)])
        row, column = divmod(number // len(names), COLUMNS)
        session.current.add([[PITCH * (row + 0.5), PITCH * (column + 0.5)]])
        queue.run_pending()
        print(f"saved {number + 1}", flush=True)
        sleep(PAUSE_SECONDS)
    finish()
    exporter = session.exporter
    exporter.export((folder / "exported").absolute(), exporter.choice, only_current=False)
    finish()


def main(folder: Path, micrographs_star: Path) -> None:
    """Run the session, or what is left of it; end with 130 after Ctrl-C."""
    queue = MainThreadQueue()
    try:
        session = Session(queue, SessionOptions(device="cpu", projects_root=folder / "projects"))
        try:
            work(session, queue, folder, micrographs_star)
        finally:
            session.close()
    except KeyboardInterrupt:
        print("Interrupted")
        sys.exit(130)
