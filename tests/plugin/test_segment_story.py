"""Segmentation in a real window: segment, paint, learn, keep, pick, export; then opened again."""

import numpy as np
import pytest

from napari_drpnet.base.segmentation import BACKGROUND, ICE
from napari_drpnet.formats.masks.class_maps import read_class_map
from napari_drpnet.project.controllers import stroke_learning
from napari_drpnet.training.from_strokes.recipe import StrokeRecipe

#: Ends of strokes on the film, which lies right of column 120, and on the background between discs.
ON_FILM = [((row, 128.0), (row, 152.0)) for row in (25.0, 80.0, 135.0)]
BESIDE = [((row, 8.0), (row, 110.0)) for row in (2.0, 40.0, 80.0)]
RECIPE = StrokeRecipe(penalty=1e-4)


@pytest.fixture
def paths(tmp_path, write_dirty):
    """Three micrographs with a film on the right quarter."""
    paths = [tmp_path / "dirty" / f"dirty{k}.mrc" for k in range(3)]
    for seed, path in enumerate(paths):
        write_dirty(path, seed=seed)
    return paths


@pytest.mark.slow
def test_the_segmenter_is_taught_and_what_it_finds_is_exported_and_opened_again(
    new_window, use_untrained_segmenter, paths, monkeypatch
):
    monkeypatch.setattr(stroke_learning, "StrokeRecipe", lambda: RECIPE)
    window = new_window()
    window.viewer.window.resize(1366, 768)
    window.session.open_paths(paths)
    window.wait()
    window.session.change("particle", diameter_angstrom=36.0, polarity="dark")
    segment = window.panel("Segment")
    window.press_button(segment.segment)
    assert window.session.segmenting.shown is not None
    paint_two(window, segment)
    learn_and_keep(window, segment)
    check_the_third(window)
    window.press_button(window.panel("Pick").run.pick_all)
    export_classes(window, paths)
    done = what_was_done(window)
    window.viewer.close()
    window.settle()
    again = new_window()
    again.session.open_paths(paths)
    again.wait()
    assert what_was_done(again) == done


def paint_two(window, segment):
    """Open the strokes, and paint three of each class on two micrographs."""
    window.press_button(segment.teaching.button)
    assert not segment.learn.learn.isEnabled()
    for which in range(2):
        for number, lines in ((ICE, ON_FILM), (BACKGROUND, BESIDE)):
            window.press_button(segment.strokes.classes[number])
            for line in lines:
                window.drag(*line)
        window.press("N" if which == 0 else "B")
        window.wait()
    assert segment.strokes.classes[ICE].text().endswith("(2)")
    window.press_button(segment.strokes.look)


def learn_and_keep(window, segment):
    """Train, undo the kept segmenter, and use it again."""
    window.press_button(segment.learn.learn)
    assert segment.learn.sentence.accessibleName().startswith("Better")
    assert "would change class" in window.layer_names()
    window.press_button(segment.learn.keep)
    kept = window.session.project.settings.segmenter.segmenter
    assert kept.endswith("segmenter-1.safetensors")
    window.press("Ctrl+Z")
    assert window.session.project.settings.segmenter.segmenter == "none"
    window.press("Ctrl+Shift+Z")
    assert window.session.project.settings.segmenter.segmenter == kept


def check_the_third(window):
    """Look at the micrograph that was not painted: its film is ice now."""
    window.session.step(2)
    window.wait()
    window.press_button(window.panel("Segment").segment)
    assert_film_is_ice(window.session.segmenting.shown.class_map)


def export_classes(window, paths):
    """Export class maps beside the coordinates of all micrographs."""
    export = window.panel("Export")
    export.form.masks["png"].click()
    window.settle()
    window.press_button(export.export)
    files = sorted(window.session.exporter.folder.rglob("*_classes.png"))
    assert len(files) == len(paths)
    for file in files:
        assert_film_is_ice(read_class_map(file))


def assert_film_is_ice(classes):
    """Check that ice is found on the film, and hardly elsewhere."""
    film = classes.shape[1] * 3 // 4
    assert (classes[:, film:] == ICE).mean() > 0.7
    assert (classes[:, :film] == ICE).mean() < 0.35


def what_was_done(window):
    """What must be there when the project is opened again."""
    project = window.session.project
    return {
        "segmenter": project.settings.segmenter.segmenter,
        "strokes": {
            name: int(np.count_nonzero(strokes.classes))
            for name, strokes in project.strokes.items()
        },
        "shown": window.session.current.id,
        "masks": window.session.exporter.choice.masks,
    }
