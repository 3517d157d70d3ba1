"""Figures of all micrographs, from summaries made by hand, and what a limit excludes."""

from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.batch.results.curation import CurationRules, select_micrographs
from napari_drpnet.batch.results.statistics import MicrographStatistics
from napari_drpnet.project.controllers.overview import DEFOCUS, ORDER, SIDES, TITLES, Standing
from napari_drpnet.project.controllers.statuses import Summary
from napari_drpnet.project.state.edits import MicrographEdit, MicrographRecord

COUNTS = (10, 200, 120, 0, None)  # the last micrograph is not picked
DEFOCI = (8_000.0, 12_000.0, None, 30_000.0, 20_000.0)


def statistics(count):
    mean = 0.5 + count / 1000 if count else None
    return MicrographStatistics(
        "", Path("x.mrc"), (), count, 250, mean, (), 0.2, 90.0, 1.5,
        expected_precision=0.8 if count else 0.0,
    )  # fmt: skip


def record(number, defocus):
    return MicrographRecord(
        id=f"m{number:05d}",
        name=f"{number}.mrc",
        path=Path(f"/data/{number}.mrc"),
        output=f"{number}",
        pixel_size_angstrom=None,
        defocus_angstrom=defocus,
    )


@pytest.fixture
def session(desk):
    """A session with five micrographs, of which four are picked."""
    records = tuple(record(k, defocus) for k, defocus in enumerate(DEFOCI, 1))
    desk.session.do_quietly(MicrographEdit(before=(), after=records))
    picked = {
        one.id: Summary("picked", count, 250, figures=statistics(count))
        for one, count in zip(records, COUNTS, strict=True)
        if count is not None
    }
    desk.session.summaries._put(picked)
    return desk.session


def test_a_micrograph_that_is_not_picked_has_no_dot_and_no_place_in_the_histogram(session):
    dots = session.overview.dots()
    assert dots.ids == ("m00001", "m00002", "m00003", "m00004")
    assert dots.y.tolist() == [10, 200, 120, 0]
    assert dots.x.tolist() == [1, 2, 3, 4]
    assert session.overview.histogram().counts.sum() == 4
    session.overview.choose(against=DEFOCUS)
    assert session.overview.dots().ids == ("m00001", "m00002", "m00004")
    assert session.overview.dots().x.tolist() == pytest.approx([0.8, 1.2, 3.0])


def test_the_line_begins_where_it_excludes_nothing(session):
    overview = session.overview
    assert overview.line == 0
    assert overview.exclusion.ids == ()
    assert overview.exclusion.text == ""
    overview.choose_side("max")
    assert overview.line == 200
    assert (overview.dots().standing == Standing.KEPT).all()


def test_what_is_below_is_told_in_numbers_and_excluded_in_one_step(session):
    overview = session.overview
    overview.set_limit(100)
    assert overview.exclusion.ids == ("m00001", "m00004")
    assert overview.exclusion.text == (
        "2 of 5 included micrographs with 10 of 330 particles: picks below 100. "
        "1 not picked: left as they are."
    )
    assert overview.dots().standing.tolist() == [
        Standing.BEYOND, Standing.KEPT, Standing.KEPT, Standing.BEYOND,
    ]  # fmt: skip
    session.include(overview.exclusion.ids, False)
    assert overview.exclusion.ids == ()
    assert overview.exclusion.text.startswith("No included micrograph has picks below 100.")
    assert (overview.dots().standing == Standing.EXCLUDED).sum() == 2
    assert overview.histogram().counts.sum() == 2
    session.undo()
    assert len(overview.exclusion.ids) == 2
    assert session.history.undo_title is None


@pytest.mark.parametrize(
    ("figure", "side", "limit"),
    [
        ("count", "min", 50),
        ("count", "max", 150),
        ("mean_fom", "min", 0.6),
        ("expected_precision", "min", 0.5),
        ("contamination", "max", 0.1),
    ],
)
def test_the_rules_are_those_of_curate(session, figure, side, limit):
    overview = session.overview
    overview.choose(figure)
    overview.choose_side(side)
    overview.set_limit(limit)
    picked = {name: session.summaries[name].figures for name in session.project.micrographs}
    rules = CurationRules.model_validate({f"{side}_{figure}": limit})
    excluded = select_micrographs(picked, rules).excluded
    assert set(overview.exclusion.ids) == excluded.keys() - {"m00005"}


def test_a_mean_of_no_picks_is_beyond_every_limit(session):
    session.overview.choose("mean_fom")
    session.overview.set_limit(0.1)
    assert session.overview.exclusion.ids == ("m00004",)
    assert "1 of them have no value" in session.overview.exclusion.text


def test_the_defocus_counts_before_picking(session):
    session.overview.choose(DEFOCUS)
    session.overview.choose_side("max")
    session.overview.set_limit(1.5)
    assert session.overview.exclusion.ids == ("m00004", "m00005")
    assert "1 without a defocus: left as they are" in session.overview.exclusion.text


def test_another_figure_has_no_limit_and_a_side_that_it_can_have(session):
    overview = session.overview
    overview.choose_side("max")
    overview.set_limit(100)
    overview.choose("expected_f1")
    assert (overview.limit, overview.side) == (None, "min")
    assert SIDES[ORDER] == ()
    assert set(SIDES) == set(TITLES)


def test_a_dot_is_described(session):
    text = session.overview.describe("m00002")
    assert text.splitlines()[:2] == ["2.mrc", "picks: 200"]
    assert "defocus (µm): 1.20" in text
    assert session.overview.describe("m00005").splitlines() == ["5.mrc", "defocus (µm): 2.00"]


def test_equal_figures_have_an_axis(session):
    axis = session.overview.axis("contamination")
    assert np.isfinite(axis.shares(0.2))
