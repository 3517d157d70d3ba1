"""Work on a project without the window: pick, correct a point, export.

A `Session` is what the panels of the window call. Every step is saved at once, and
``drpnet gui FOLDER/project`` opens the same project in the window.

Run ``python examples/project_session.py [FOLDER]``. The default is a new temporary folder.
"""

import sys
import tempfile
from pathlib import Path

from napari_drpnet import simulate_micrograph
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.parameters import SimulationParameters


def main(folder: Path) -> None:
    """Run the example in a folder."""
    sample = SimulationParameters(height_px=512, width_px=512, pixel_size_angstrom=4, particles=40)
    for seed in (1, 2):
        simulated = simulate_micrograph(sample, seed=seed)
        write_simulated(folder / "Micrographs", f"sample_{seed}", simulated)

    # Jobs run in threads. The main thread takes their results while it waits.
    queue = MainThreadQueue()
    session = Session(queue)
    session.noticed.connect(lambda notice: print(f"{notice.level}: {notice.text}"))

    def wait() -> None:
        queue.run_until(lambda: not session.runner.is_busy, timeout=300)

    session.open_paths([folder / "Micrographs"], folder / "project")
    wait()
    session.change("particle", diameter_angstrom=180)
    session.picking.pick_all()
    wait()
    for record in session.project.micrographs.values():
        print(f"{record.path.name}: {session.summaries[record.id].accepted} accepted")

    # A click on an accepted point of the current micrograph rejects it.
    y, x = session.current.review.centers_yx[0]
    session.current.click((y, x))
    print(f"click at y = {y:.1f} px, x = {x:.1f} px: {session.current.accepted_count} accepted")

    session.exporter.finished.connect(lambda report: print(f"{report.particles} picks exported"))
    session.exporter.export(folder / "DRPnet", ExportOptions(), only_current=False)
    wait()
    session.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
