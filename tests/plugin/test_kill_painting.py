"""A window that is killed while the mouse paints."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.project.storage.store import ProjectStore

#: Number of windows that are killed; each takes some seconds.
KILLS = int(os.environ.get("DRPNET_KILLS", "2"))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_no_whole_stroke_is_lost_whenever_a_window_is_killed(qapp, tmp_path, write_discs):
    write_discs(tmp_path / "disc.mrc")
    script = Path(__file__).with_name("paint_points.py")
    command = [sys.executable, script, str(KILLS), "disc.mrc"]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=60 + 30 * KILLS)
    whole = np.load(tmp_path / "whole.npy")
    states = [np.zeros_like(whole[0]), *whole]
    np.testing.assert_array_equal(painted_in(tmp_path / "whole"), states[-1])
    counts = []
    for number in range(KILLS):
        folder = tmp_path / f"killed{number}"
        ended, there = folder.with_suffix(".said").stat().st_size, painted_in(folder)
        before, after = states[ended : ended + 2] if ended < len(whole) else states[-1:] * 2
        # What has ended is there; of the stroke that was painted any part may be.
        kept = there == before
        assert (kept | (there == after)).all(), number
        counts.append(ended)
    assert 0 <= min(counts) < max(counts) <= len(whole)


def painted_in(folder):
    """Open a project as another program would, and return its strokes."""
    store, project = ProjectStore.open(folder)
    store.close(project)
    (strokes,) = project.strokes.values() or (None,)
    return np.zeros((160, 160), np.uint8) if strokes is None else strokes.classes
