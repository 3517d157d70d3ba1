import numpy as np
import pytest

from napari_drpnet.base.picks import Picks
from napari_drpnet.project.points.label_counts import LabelCounts, count_labels
from napari_drpnet.project.points.review import review_picks
from napari_drpnet.project.state.labels import Label


@pytest.fixture
def candidates():
    """Five candidates, 100 px apart."""
    column = np.arange(5.0)
    centers = np.column_stack([np.zeros(5), 100 * column])
    return Picks(centers, 9 - column, 9 - column, np.full(5, np.nan), np.ones(5, bool))


def label(number, x, accepted, source="person"):
    place = (0.0, float(x))
    return Label(id=number, center_yx=place, anchor_yx=place, accepted=accepted, source=source)


def test_each_label_counts_once_as_what_it_is(candidates):
    given = (
        label(1, 0, True),
        label(2, 100, False),
        label(3, 205, False),
        label(4, 250, True),
        label(5, 350, True),
        label(6, 450, False),
        label(7, 300, True, source="model"),
    )
    review = review_picks(candidates, given, diameter_px=40.0)
    counts = count_labels(review, [given, (), (label(1, 7, True),)])
    assert counts == LabelCounts(accepted=1, rejected=3, added=2, in_project=7, micrographs=2)


def test_without_candidates_only_the_project_counts():
    counts = count_labels(None, [(label(1, 0, True),)])
    assert counts == LabelCounts(0, 0, 0, 1, 1)
    assert counts.text.endswith("In the project: 1 on 1 micrograph")


def test_the_text_reads_as_a_person_speaks():
    assert LabelCounts(3, 12, 2, 120, 8).text == (
        "On this micrograph: 3 accepted, 12 rejected by hand, 2 added\n"
        "In the project: 120 on 8 micrographs"
    )
