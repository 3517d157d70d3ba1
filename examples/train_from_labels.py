"""Train the classifier on a few labels, and keep the new weights if they are better.

Run ``python examples/train_from_labels.py [FOLDER]``. The default is a new temporary folder.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from napari_drpnet import simulate_micrograph
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session
from napari_drpnet.simulation.files import write_simulated
from napari_drpnet.simulation.parameters import SimulationParameters


def main(folder: Path) -> None:
    """Run the example in a folder."""
    # The debris is as large as the particles, and the classifier accepts some of it.
    sample = SimulationParameters(height_px=700, width_px=700, pixel_size_angstrom=4, debris=12)
    simulated = simulate_micrograph(sample, seed=4)
    write_simulated(folder, "sample", simulated)

    queue = MainThreadQueue()
    session = Session(queue)

    def wait() -> None:
        queue.run_until(lambda: not session.runner.is_busy, timeout=300)

    session.open_paths([folder / "sample.mrc"], folder / "project")
    wait()
    session.change("particle", diameter_angstrom=180)
    session.picking.pick_current()
    wait()

    # Label what the classifier is least sure of. The true positions stand for an expert.
    review = session.current.review
    for row in np.argsort(np.abs(review.probability - 0.5))[:20]:
        away_px = np.linalg.norm(simulated.centers_yx - review.centers_yx[row], axis=1).min()
        session.current.set_label([row], accepted=bool(away_px < 20))

    learner = session.learner
    print(f"{learner.counts.accepted} particles and {learner.counts.rejected} others labelled")
    learner.train()
    wait()
    (result,) = learner.outcome.networks
    for name, score in (("before", result.before), ("after", result.after)):
        print(f"{name}: {score.right} of {score.labels} held-out labels right")
    if result.improved:
        learner.keep()
        print(f"kept: {session.project.settings.classifier.classifier}")
    session.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
