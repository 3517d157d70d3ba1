from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("qtpy")

from napari_drpnet.picking.advice import Advice
from napari_drpnet.picking.expected import ExpectedScores
from napari_drpnet.plugin.table.micrograph_row import HEADERS, Column, MicrographRow, short_names
from napari_drpnet.project.controllers.statuses import Summary
from napari_drpnet.project.state.edits import MicrographRecord


def row(summary=None, *, name="mic1.mrc", defocus=12345.0, included=True):
    record = MicrographRecord(
        id="m00001",
        name="Movies/mic1.mrc",
        path=Path("/data/Movies/mic1.mrc"),
        output="Movies/mic1",
        pixel_size_angstrom=None,
        defocus_angstrom=defocus,
        included=included,
    )
    return MicrographRow(record, name, summary or Summary("not picked"))


def texts(row):
    return [row.text(column) for column in Column]


def test_texts_of_a_picked_micrograph():
    shown = row(Summary("picked", 1371, 1412))
    assert texts(shown) == ["", "mic1.mrc", "1,371 / 1,412", "", "1.23", "Picked"]
    assert shown.tooltip(Column.NAME) == str(Path("/data/Movies/mic1.mrc"))


def test_the_cut_and_what_to_expect_of_it_are_in_the_tooltip_of_the_picks():
    expected = ExpectedScores(30.0, 0.9, 0.8, 0.847)
    counts = HEADERS[Column.PICKS][1]
    found = row(Summary("picked", 3, 4, accept=0.3102, automatic=True, expected=expected))
    lines = found.tooltip(Column.PICKS).splitlines()
    assert lines == [counts, "accept: 0.31, automatic", "expected F1: 0.85"]
    given = row(Summary("picked", 3, 4, accept=0.5, expected=expected))
    assert "accept: 0.5, fixed" in given.tooltip(Column.PICKS)
    none = row(Summary("picked", 0, 4, automatic=True, expected=expected))
    assert "accept: nothing, automatic" in none.tooltip(Column.PICKS)
    assert row(Summary("picked", 3, 4)).tooltip(Column.PICKS) == counts


def test_the_dirty_area_is_shown_and_sorted_and_too_much_is_said():
    rows = [row(Summary("picked", 3, 4, dirty_area=area)) for area in (0.81, None, 0.0, 0.123)]
    assert [each.text(Column.DIRTY) for each in rows] == ["81.0% ⚠", "", "0.0%", "12.3%"]
    keys = [each.sort_key(Column.DIRTY) for each in rows]
    assert sorted(range(4), key=keys.__getitem__) == [1, 2, 3, 0]
    told = rows[0].tooltip(Column.DIRTY).splitlines()
    assert "More than 80% is dirt, so no picks are rejected" in told[1]
    assert max(map(len, told)) <= 80
    assert rows[3].tooltip(Column.DIRTY) == HEADERS[Column.DIRTY][1]


def test_advice_is_in_the_tooltip_of_the_whole_row_in_short_lines():
    advice = (Advice("picks", "None of 9 candidates are accepted. " * 5), Advice("scale", "Bin."))
    shown = row(Summary("picked", 0, 9, advice=advice))
    for column in Column:
        tooltip = shown.tooltip(column)
        assert "None of 9 candidates" in tooltip
        assert tooltip.endswith("\n\nBin.")
        assert max(map(len, tooltip.splitlines())) <= 80
    assert shown.text(Column.STATUS) == "Picked"


def test_what_is_not_known_is_empty():
    assert texts(row(defocus=None)) == ["", "mic1.mrc", "", "", "", "Not picked"]


def test_no_picks_are_a_number_too():
    assert row(Summary("picked", 0, 0)).text(Column.PICKS) == "0 / 0"


def test_a_failure_says_why():
    failed = row(Summary("failed", message="mic1.mrc: is empty.\nCopy it again."))
    assert failed.text(Column.STATUS) == "Failed: mic1.mrc: is empty. Copy it again."
    assert failed.tooltip(Column.STATUS) == "mic1.mrc: is empty.\nCopy it again."
    assert failed.text(Column.PICKS) == ""
    assert row(Summary("failed", 3, 4)).text(Column.PICKS) == "3 / 4"


def test_a_failure_does_not_repeat_the_path_beside_it():
    failed = row(Summary("failed", message=f"{Path('/data/Movies/mic1.mrc')}: is empty."))
    assert failed.text(Column.STATUS) == "Failed: is empty."
    assert "Movies" in failed.tooltip(Column.STATUS)


def test_excluded_comes_before_what_was_done():
    excluded = row(Summary("picked", 3, 4), included=False)
    assert excluded.status == "excluded"
    assert texts(excluded)[Column.PICKS :] == ["3 / 4", "", "1.23", "Excluded"]
    assert "tick it" in excluded.tooltip(Column.STATUS)


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        (Column.INCLUDED, [row(), row(included=False)]),
        (Column.NAME, [row(name="mic2.mrc"), row(name="Mic10.mrc")]),
        (
            Column.PICKS,
            [row(), row(Summary("picked", 0, 9)), row(Summary("settings changed", 90, 90))],
        ),
        (Column.DEFOCUS, [row(defocus=None), row(defocus=9000.0), row(defocus=10000.0)]),
        (
            Column.STATUS,
            [row(), row(Summary("picked")), row(Summary("failed")), row(included=False)],
        ),
    ],
)
def test_columns_sort_by_values_not_by_texts(column, rows):
    keys = [row.sort_key(column) for row in rows]
    assert keys == sorted(keys)
    assert len({str(key) for key in keys}) == len(rows)


def test_names_have_folders_only_where_they_must():
    paths = [Path(p) for p in ("/a/x/1.mrc", "/b/x/1.mrc", "/a/y/1.mrc", "/a/x/2.mrc")]
    assert short_names(paths) == ["a/x/1.mrc", "b/x/1.mrc", "y/1.mrc", "2.mrc"]
    assert short_names([]) == []


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), unique_by=tuple))
def test_names_tell_files_apart(parts):
    paths = [Path("/", *part) for part in parts]
    names = short_names(paths)
    assert len(set(names)) == len(paths)
    assert all(path.as_posix().endswith(name) for path, name in zip(paths, names, strict=True))
