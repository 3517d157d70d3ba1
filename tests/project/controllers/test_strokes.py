"""Strokes on the micrograph that is shown."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from napari_drpnet.formats import write_class_map
from napari_drpnet.project.storage.store import ProjectStore

TOP = (slice(0, 40), slice(20, 60))
RIGHT = (slice(10, 90), slice(100, 160))


@pytest.fixture
def opened(desk, discs):
    desk.open(*discs)
    return desk


def painted(desk, area, number):
    """What a brush leaves that gives the pixels of an area a class."""
    classes = desk.session.strokes.classes.copy()
    classes[area] = number
    return classes


def stored(desk, micrograph=None):
    strokes = desk.project.strokes.get(micrograph or desk.current.id)
    return None if strokes is None else strokes.classes


def test_there_is_a_grid_once_the_micrograph_is_drawn(desk, discs):
    strokes = desk.session.strokes
    assert strokes.frame is None
    assert strokes.classes.size == 0
    desk.open(*discs)
    assert strokes.frame.full_shape == (160, 160)
    assert strokes.classes.shape == (160, 160)
    assert not strokes.classes.any()
    assert strokes.obstacle == ""


def test_what_was_painted_is_one_step_with_a_title(opened):
    strokes, history = opened.session.strokes, opened.session.history
    heard = []
    strokes.changed.connect(lambda: heard.append(strokes.classes.copy()))
    one = painted(opened, TOP, 3)
    assert strokes.take(one)
    assert history.undo_title == "Paint ice"
    two = painted(opened, RIGHT, 4)
    strokes.take(two)
    assert history.undo_title == "Paint carbon"
    strokes.take(painted(opened, TOP, 0))
    assert history.undo_title == "Erase strokes"
    assert heard == []  # all of this is drawn already
    opened.session.undo()
    np.testing.assert_array_equal(heard.pop(), two)
    opened.session.undo()
    np.testing.assert_array_equal(heard.pop(), one)
    np.testing.assert_array_equal(stored(opened), one)
    opened.session.undo()
    assert stored(opened) is None
    opened.session.redo()
    np.testing.assert_array_equal(strokes.classes, one)


def test_nothing_painted_is_no_step(opened):
    opened.session.strokes.take(opened.session.strokes.classes.copy())
    assert not opened.session.history.can_undo


def test_a_stroke_that_is_taken_in_parts_is_one_step_and_each_part_is_saved(opened):
    strokes, folder = opened.session.strokes, opened.session.store.folder
    with strokes.stroke(3):
        for rows in (20, 30, 40):
            strokes.take(painted(opened, (slice(10, rows), slice(0, 5)), 3))
            line = (folder / "journal.jsonl").read_text().splitlines()[-1]
            assert f'"height":{10}' in line
    assert opened.session.history.undo_title == "Paint ice"
    opened.session.undo()
    assert stored(opened) is None


def test_values_that_are_no_class_do_not_count(opened):
    strokes = opened.session.strokes
    strokes.take(painted(opened, TOP, 2))
    after = painted(opened, RIGHT, 4)
    wrong = after.copy()
    wrong[:, :30] = 7
    assert not strokes.take(wrong)
    np.testing.assert_array_equal(stored(opened), after)


def test_what_was_painted_goes_to_its_own_micrograph(opened):
    session, strokes = opened.session, opened.session.strokes
    first, waiting = opened.current.id, painted(opened, TOP, 1)
    strokes.leaving.connect(lambda: waiting is not None and strokes.take(waiting))
    session.step(1)
    waiting = None
    assert strokes.classes.size == 0
    opened.finish()
    assert not strokes.classes.any()
    assert stored(opened, first)[TOP].all()
    assert stored(opened) is None
    session.undo()  # shows it
    opened.finish()
    assert opened.current.id == first
    assert stored(opened) is None


def test_nothing_can_be_painted_without_a_micrograph(desk):
    strokes = desk.session.strokes
    assert not strokes.take(np.ones((5, 5), np.uint8))
    strokes.clear()
    assert strokes.dark is None
    assert desk.project.strokes == {}


def test_strokes_are_cleared_as_one_step(opened):
    strokes = opened.session.strokes
    strokes.take(painted(opened, TOP, 1))
    strokes.take(painted(opened, RIGHT, 4))
    both = stored(opened)
    strokes.clear()
    assert stored(opened) is None
    assert not strokes.classes.any()
    assert opened.session.history.undo_title == "Clear strokes"
    opened.session.undo()
    np.testing.assert_array_equal(strokes.classes, both)


def test_strokes_are_there_again_with_the_project(opened, new_desk):
    opened.session.strokes.take(painted(opened, TOP, 2))
    folder = opened.session.store.folder
    opened.close()
    again = new_desk()
    again.open(folder)
    assert (again.session.strokes.classes[TOP] == 2).all()


def test_counts_are_of_micrographs(opened):
    strokes = opened.session.strokes
    assert strokes.painted_counts == (0, 0, 0, 0, 0)
    strokes.take(painted(opened, TOP, 1))
    strokes.take(painted(opened, RIGHT, 4))
    opened.session.step(1)
    opened.finish()
    strokes.take(painted(opened, RIGHT, 4))
    assert strokes.painted_counts == (2, 1, 0, 0, 2)


def test_a_file_of_another_size_is_told_and_its_strokes_can_be_cleared(
    opened, write_discs, new_desk
):
    opened.session.strokes.take(painted(opened, TOP, 1))
    folder, path = opened.session.store.folder, opened.current.record.path
    opened.close()
    path.unlink()
    write_discs(path, side=200)
    again = new_desk()
    again.open(folder)
    strokes = again.session.strokes
    assert "160 × 160" in strokes.obstacle
    assert strokes.frame is None
    assert not strokes.take(np.ones((200, 200), np.uint8))
    strokes.clear()
    assert strokes.obstacle == ""
    assert strokes.classes.shape == (200, 200)
    again.session.undo()
    assert strokes.frame is None
    again.session.redo()
    assert strokes.classes.shape == (200, 200)


# ---- the dark brush


def test_a_dark_brush_takes_only_what_is_darker_than_the_cut(opened, discs):
    session, strokes = opened.session, opened.session.strokes
    everything = np.full_like(strokes.classes, 2)
    assert strokes.dark is None
    assert strokes.kept_dark(everything) is everything
    session.view.is_brush_dark, session.view.dark_cut = True, -2.0
    kept = strokes.kept_dark(everything)
    y, x = np.ogrid[:160, :160]
    centers = discs[opened.current.record.path]
    inside = sum(np.hypot(y - cy, x - cx) < 6 for cy, cx in centers).astype(bool)
    outside = ~sum(np.hypot(y - cy, x - cx) < 13 for cy, cx in centers).astype(bool)
    assert (kept[inside] == 2).mean() > 0.95
    assert (kept[outside] == 2).mean() < 0.05
    session.view.dark_cut = 2.0
    assert (strokes.kept_dark(everything) == 2).mean() > 0.95


def test_a_dark_brush_follows_what_is_shown(opened):
    session, strokes = opened.session, opened.session.strokes
    session.view.is_brush_dark = True
    dark = strokes.dark
    session.view.display = session.view.display.model_copy(update={"invert": True})
    opened.finish()
    assert not (strokes.dark & dark).any()


def test_a_dark_brush_erases_everywhere_and_leaves_other_strokes(opened):
    session, strokes = opened.session, opened.session.strokes
    strokes.take(painted(opened, TOP, 1))
    session.view.is_brush_dark, session.view.dark_cut = True, -50.0
    assert not strokes.dark.any()
    assert (strokes.kept_dark(np.full_like(strokes.classes, 3))[TOP] == 1).all()
    assert not strokes.kept_dark(np.zeros_like(strokes.classes)).any()


# ---- files


def test_a_label_picture_adds_to_what_was_painted_as_one_step(opened, tmp_path):
    strokes = opened.session.strokes
    strokes.take(painted(opened, TOP, 1))
    picture = np.zeros((80, 80), np.uint8)
    picture[:40], picture[40:, 40:] = 3, 4
    write_class_map(tmp_path / "labels.png", picture)
    strokes.load(tmp_path / "labels.png")
    opened.finish()
    expected = np.kron(picture, np.ones((2, 2), np.uint8))
    expected[TOP] = 1
    np.testing.assert_array_equal(strokes.classes, expected)
    assert opened.session.history.undo_title == "Import labels.png"
    assert opened.texts("info") == ["Strokes added to 1 micrograph."]
    opened.session.undo()
    assert strokes.classes[TOP].all()
    assert strokes.classes.sum() == strokes.classes[TOP].sum()


def test_a_mask_means_the_class_of_the_brush(opened, tmp_path):
    from PIL import Image

    mask = np.zeros((160, 160), np.uint8)
    mask[RIGHT] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    for chosen, number in ((4, 4), (0, 3)):
        opened.session.view.stroke_class = chosen
        opened.session.strokes.load(tmp_path / "mask.png")
        opened.finish()
        assert (stored(opened)[RIGHT] == number).all()
        opened.session.undo()


def test_a_folder_serves_all_micrographs_and_the_others_are_counted(opened, tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    opened.pick()
    write_class_map(folder / "disc0.png", np.full((160, 160), 1, np.uint8))
    write_class_map(folder / "disc2_classes.png", np.full((40, 40), 4, np.uint8))
    (folder / "disc1.png").write_bytes(b"no picture")
    opened.session.strokes.load(folder)
    opened.finish()
    first, _, third = opened.project.micrographs
    assert list(opened.project.strokes) == [first, third]
    assert (stored(opened, third) == 4).all()
    assert "disc1.png" in opened.texts()[0]
    assert opened.texts("info") == ["Strokes added to 2 micrographs."]
    (folder / "disc1.png").unlink()
    opened.session.strokes.load(folder)
    opened.finish()
    assert opened.texts("info")[1:] == ["Strokes added to 0 micrographs. 1 micrograph had no file."]


def test_a_file_that_cannot_be_used_is_told(opened, tmp_path):
    write_class_map(tmp_path / "wide.png", np.full((40, 80), 1, np.uint8))
    opened.session.strokes.load(tmp_path / "wide.png")
    opened.finish()
    assert "another aspect ratio" in opened.texts()[0]
    assert opened.project.strokes == {}
    assert opened.texts("info") == []


# ---- kill -9

PAINTER = """
import sys
from pathlib import Path
import numpy as np
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions

root, wanted = Path(sys.argv[1]), Path(sys.argv[2])
main = MainThreadQueue()
session = Session(main, SessionOptions(device="cpu", projects_root=root))
session.open_project(wanted)
main.run_until(lambda: session.strokes.frame is not None, 100)
for number in range(1, 10**6):
    with session.strokes.stroke(1 + number % 4):
        for part in (0, 1):
            classes = session.strokes.classes.copy()
            classes[number * 7 % 150 :, number * 13 % 140 + 9 * part :][:10, :9] = 1 + number % 4
            session.strokes.take(classes)
            print(2 * number + part, flush=True)
    if number % 5 == 0:
        session.undo()
        session.redo()
    if number % 7 == 0:
        session.store.compact(session.project)
"""


def painted_by_child(number):
    """What `PAINTER` has painted when it says a number."""
    classes = np.zeros((160, 160), np.uint8)
    for k in range(2, number + 1):
        stroke, part = divmod(k, 2)
        classes[stroke * 7 % 150 :, stroke * 13 % 140 + 9 * part :][:10, :9] = 1 + stroke % 4
    return classes


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_a_session_that_is_killed_while_painting_loses_no_part_of_a_stroke(opened, tmp_path):
    folder = opened.session.store.folder
    opened.close()
    process = subprocess.Popen(
        [sys.executable, "-c", PAINTER, tmp_path, folder], stdout=subprocess.PIPE
    )
    for _ in range(41):
        assert process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    said = 42 + rest.count(b"\n")
    store, project = ProjectStore.open(folder)
    (strokes,) = project.strokes.values()
    store.close(project)
    # Also while a whole stroke is undone and done again.
    wanted = [painted_by_child(number) for number in (said - 1, said, said + 1)]
    undone = painted_by_child(said - said % 2 - 1)
    assert any(np.array_equal(strokes.classes, each) for each in [*wanted, undone])
