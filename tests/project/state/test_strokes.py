import tracemalloc
import zlib
from base64 import b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_drpnet.project.state.edits import EditGroup, MicrographEdit, PaintEdit, combine
from napari_drpnet.project.state.history import History
from napari_drpnet.project.state.model import Project
from napari_drpnet.project.state.strokes import (
    LONGEST_GRID,
    SAME,
    Patch,
    Strokes,
    pack,
    strokes_frame,
    unpack,
)

FULL = (100, 70)


def raster(*painted, shape=FULL):
    classes = np.zeros(shape, np.uint8)
    for rows, columns, number in painted:
        classes[rows, columns] = number
    return classes


ICE = (slice(3, 60), slice(10, 40), 3)
CARBON = (slice(50, 90), slice(30, 70), 4)
ERASED = (slice(0, 100), slice(35, 38), 0)


def paint(before, after, micrograph="m0001"):
    return PaintEdit.between(micrograph, FULL, before, after, "Paint ice")


@pytest.fixture
def project(micrograph_record):
    project = Project()
    records = tuple(micrograph_record(number) for number in (1, 2))
    project.apply(MicrographEdit(before=(), after=records))
    return project


def painted(project, micrograph="m0001"):
    strokes = project.strokes.get(micrograph)
    return raster() if strokes is None else strokes.classes


@pytest.mark.parametrize(
    ("full", "grid"),
    [
        ((4096, 4096), (1024, 1024)),
        ((4092, 5760), (682, 960)),
        ((3838, 3710), (960, 928)),
        ((11520, 8184), (960, 682)),
        ((1025, 900), (512, 450)),
        ((50, 1024), (50, 1024)),
        ((1, 100_000), (1, 1020)),
    ],
)
def test_the_grid_is_binned_by_a_whole_number(full, grid):
    frame = strokes_frame(full)
    assert frame.full_shape == full
    assert frame.network_shape == grid
    assert max(grid) <= LONGEST_GRID


def test_a_stroke_changes_the_strokes_of_its_micrograph_and_tells(project):
    heard = []
    project.strokes_changed.connect(heard.append)
    project.apply(paint(raster(), raster(ICE)))
    project.apply(paint(raster(), raster(CARBON), micrograph="m0002"))
    assert heard == ["m0001", "m0002"]
    np.testing.assert_array_equal(painted(project), raster(ICE))
    assert project.strokes["m0002"].areas == (5400, 0, 0, 0, 1600)
    assert project.strokes["m0002"].frame == strokes_frame(FULL)


def test_strokes_that_are_all_erased_are_as_if_never_painted(project):
    before = project.state
    project.apply(paint(raster(), raster(ICE)))
    project.apply(paint(raster(ICE), raster()))
    assert project.state == before
    assert project.strokes == {}


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (paint(raster(CARBON), raster()), "not those that the edit starts from"),
        (paint(raster(), raster(ICE), micrograph="m0007"), "no micrograph m0007"),
        (
            PaintEdit.between("m0001", (70, 100), raster().T, raster(ICE).T, "Paint"),
            "another size",
        ),
    ],
)
def test_an_edit_that_does_not_fit_changes_nothing(project, edit, complaint):
    project.apply(paint(raster(), raster(ICE)))
    before = project.state
    with pytest.raises(ValueError, match=complaint):
        project.apply(edit)
    assert project.state is before


def test_no_change_is_no_edit():
    assert paint(raster(ICE), raster(ICE)) is None


def test_the_rectangle_of_an_edit_is_the_least():
    edit = paint(raster(ICE), raster(ICE, CARBON))
    assert (edit.top, edit.left, edit.height, edit.width) == (50, 30, 40, 40)
    assert (edit.patch.before[:10, :10] == 3).all()
    edit = paint(raster(ICE), raster(ICE, ICE, ERASED))
    assert (edit.left, edit.width) == (35, 3)


def test_edits_of_one_micrograph_are_combined():
    first, second = paint(raster(), raster(ICE)), paint(raster(ICE), raster(ICE, CARBON))
    (both,) = combine([first, second])
    assert both == paint(raster(), raster(ICE, CARBON))
    other = paint(raster(), raster(ICE), micrograph="m0002")
    assert len(combine([first, other, second])) == 3
    assert combine([first, second, second.inverse(), first.inverse()]) == ()


def test_pixels_that_no_edit_has_touched_are_free_in_their_combination(project):
    corners = (slice(0, 2), slice(0, 2), 1), (slice(90, 92), slice(60, 62), 2)
    first = paint(raster(), raster(corners[0]))
    second = paint(raster(corners[0]), raster(*corners))
    (both,) = combine([first, second])
    project.apply(paint(raster(), raster(ICE)))
    project.apply(both)
    np.testing.assert_array_equal(painted(project), raster(ICE, *corners))


# ---- what is stored


def as_stored(values, more=b""):
    return b64encode(zlib.compress(bytes(values), 9) + more).decode()


def edit_with(**fields):
    good = paint(raster(), raster(ICE)).model_dump() | fields
    return PaintEdit.model_validate(good)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"after": as_stored([5] * 57 * 30)}, "the value 5, which is no class"),
        ({"after": as_stored([3] * 57 * 29)}, "57 rows of 30"),
        ({"after": as_stored([3] * 57 * 31)}, "57 rows of 30"),
        ({"after": as_stored([3] * 57 * 30, b"more")}, "57 rows of 30"),
        ({"after": as_stored(10**8)}, "57 rows of 30"),
        ({"after": as_stored([3] * 57 * 30)[:16]}, "57 rows of 30"),
        ({"after": "AAAA"}, "cannot be decompressed"),
        ({"after": "not base64"}, "base64|Only|characters|padding"),
        ({"after": as_stored([SAME] * 57 * 30)}, "other pixels than they replace"),
        ({"top": 44}, "outside a grid of 70 × 100"),
        ({"left": -1}, "greater than or equal to 0"),
        ({"full_shape": (0, 70)}, "greater than or equal to 1"),
        ({"full_shape": (10**9, 70)}, "less than or equal to"),
        ({"height": 10**9}, "less than or equal to"),
    ],
)
def test_a_bad_edit_is_refused(fields, complaint):
    with pytest.raises(ValidationError, match=complaint):
        edit_with(**fields)


def test_a_text_that_inflates_to_much_more_is_not_inflated():
    bomb = as_stored(2**26)
    tracemalloc.start()
    with pytest.raises(ValueError, match="57 rows of 30"):
        unpack(bomb, (57, 30))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("bands", "complaint"),
    [
        (("", "", ""), "3 bands of strokes for 100 rows"),
        (("", "", "", pack(raster(shape=(32, 70)))), "4 rows of 70"),
        ((pack(np.full((32, 70), 9, np.uint8)), "", "", ""), "the value 9"),
        ((pack(np.full((32, 70), SAME, np.uint8)), "", "", ""), "the value 255"),
    ],
)
def test_bad_strokes_are_refused(bands, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Strokes(full_shape=FULL, bands=bands)


def test_strokes_come_back_from_json():
    strokes = Strokes.nothing(FULL).patched(Patch.between(raster(), raster(ICE, CARBON)))
    again = Strokes.model_validate_json(strokes.model_dump_json())
    assert again == strokes
    np.testing.assert_array_equal(again.classes, raster(ICE, CARBON))
    assert not again.is_empty
    assert Strokes.nothing(FULL).is_empty


# ---- any series of strokes


@st.composite
def strokes(draw):
    top, left = draw(st.integers(0, 99)), draw(st.integers(0, 69))
    sides = slice(top, top + draw(st.integers(1, 70))), slice(left, left + draw(st.integers(1, 70)))
    return draw(st.sampled_from(["m0001", "m0002"])), (*sides, draw(st.integers(0, 4)))


@given(series=st.lists(st.one_of(strokes(), st.sampled_from(["undo", "redo", "group"]))))
def test_any_series_of_strokes_gives_the_raster_that_was_painted(micrograph_record, series):
    project = Project()
    project.apply(
        MicrographEdit(before=(), after=tuple(micrograph_record(number) for number in (1, 2)))
    )
    history, undone = History(project), []
    done = [{"m0001": raster(), "m0002": raster()}]
    for step in series:
        if step == "undo":
            assert (history.undo() is not None) == (len(done) > 1)
            undone += [done.pop()] if len(done) > 1 else []
        elif step == "redo":
            assert (history.redo() is not None) == bool(undone)
            done += [undone.pop()] if undone else []
        elif step == "group":
            with history.grouped("nothing"):
                pass
        else:
            name, (rows, columns, number) = step
            after = done[-1][name].copy()
            after[rows, columns] = number
            edit = paint(done[-1][name], after, name)
            if edit is not None:
                history.do(edit)
                done.append({**done[-1], name: after})
                undone.clear()
        for name, classes in done[-1].items():
            np.testing.assert_array_equal(painted(project, name), classes)
    while history.undo():
        pass
    assert project.strokes == {}


@given(series=st.lists(strokes(), min_size=1))
def test_strokes_in_a_group_are_one_step(micrograph_record, series):
    project = Project()
    records = tuple(micrograph_record(number) for number in (1, 2))
    project.apply(MicrographEdit(before=(), after=records))
    history = History(project)
    with history.grouped("Paint"):
        for name, (rows, columns, number) in series:
            after = painted(project, name).copy()
            after[rows, columns] = number
            edit = paint(painted(project, name), after, name)
            if edit is not None:
                history.do(edit)
    after = project.state
    step = history.undo()
    assert step is None or isinstance(step, EditGroup)
    assert project.strokes == {}
    history.redo()
    assert project.state == after
