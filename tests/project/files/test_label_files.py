"""Labels go into files and come back."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats import read_coordinates
from napari_drpnet.project.files.label_files import read_labels, write_labels
from napari_drpnet.project.state.labels import Label

# What a file may be called, but for what RELION's own tools cannot read in a STAR file.
NAMES = st.text("abcXYZ019 _-./é", min_size=1, max_size=20).map(lambda name: f"M/{name}.mrc")
PLACES = st.tuples(*[st.floats(-1e5, 1e5)] * 2)


@st.composite
def labelled_micrographs(draw):
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    number, labels = 0, {}
    for name in names:
        for place in draw(st.lists(PLACES, min_size=1, max_size=4)):
            number += 1
            label = Label(
                id=number,
                center_yx=place,
                anchor_yx=draw(st.one_of(st.just(place), PLACES)),
                accepted=draw(st.booleans()),
                source=draw(st.sampled_from(["person", "classes", "model"])),
            )
            labels[name] = (*labels.get(name, ()), label)
    return labels


@pytest.mark.parametrize("suffix", [".csv", ".star"])
@settings(max_examples=30)
@given(labels=labelled_micrographs())
def test_nothing_is_lost(suffix, labels):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"labels{suffix}"
        write_labels(path, labels)
        assert read_labels(path) == labels


ONE = {"a b.mrc": (Label(id=1, center_yx=(2.5, 3), anchor_yx=(2, 3), accepted=False),)}


def test_a_csv_file_is_plain(tmp_path):
    write_labels(tmp_path / "a.csv", ONE)
    assert (tmp_path / "a.csv").read_text() == (
        "micrograph,x,y,label,source,anchor_x,anchor_y\na b.mrc,3.0,2.5,rejected,person,3.0,2.0\n"
    )


def test_a_star_file_is_one_for_other_programs_too(tmp_path):
    write_labels(tmp_path / "a.star", ONE)
    coordinates = read_coordinates(tmp_path / "a.star")
    assert coordinates.centers_yx.tolist() == [[2.5, 3.0]]
    assert coordinates.micrograph_names == ("a b.mrc",)
    assert "_drpnetLabel #4" in (tmp_path / "a.star").read_text()


@pytest.mark.parametrize("suffix", [".csv", ".star"])
def test_no_labels_are_a_file_too(tmp_path, suffix):
    write_labels(tmp_path / f"a{suffix}", {})
    assert read_labels(tmp_path / f"a{suffix}") == {}


def test_what_others_write_is_understood(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Label, Y,x,micrograph,comment\n1,5,6,a.mrc,\n rejected ,7,8,b.mrc,bad\n")
    assert read_labels(path) == {
        "a.mrc": (Label(id=1, center_yx=(5, 6), anchor_yx=(5, 6), accepted=True),),
        "b.mrc": (Label(id=2, center_yx=(7, 8), anchor_yx=(7, 8), accepted=False),),
    }
    path = tmp_path / "a.star"
    path.write_text(
        "data_\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
        "_drpnetLabel #4\na.mrc 6 5 1\nb.mrc 8 7 0\n"
    )
    assert [label.accepted for (label,) in read_labels(path).values()] == [True, False]


HEADER = "micrograph,x,y,label,source\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x,y,label\n1,2,1\n", "no first line that names columns micrograph, x, y and label"),
        (f"{HEADER}a,1,2,1,person\na,1,2,maybe,person\n", "line 3 has 'maybe' as its label"),
        (f"{HEADER}a,1,2,1,somebody\n", "line 2 has 'somebody' as its source"),
        (f"{HEADER}a,1,two,1,person\n", "line 2 has 'two' where a number should be"),
        (f"{HEADER}a,1,,1,person\n", "particle 1 has no position"),
        (f"{HEADER}a,1,2\n", "line 2 does not have 5 columns"),
    ],
)
def test_a_row_that_says_nothing_is_named(tmp_path, text, reason):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputFileError, match=reason):
        read_labels(tmp_path / "a.csv")


def test_the_same_in_a_star_file(tmp_path):
    write_labels(tmp_path / "a.star", ONE)
    text = (tmp_path / "a.star").read_text()
    (tmp_path / "a.star").write_text(text.replace("rejected", "perhaps"))
    with pytest.raises(InputFileError, match="row 1 has 'perhaps' as its label"):
        read_labels(tmp_path / "a.star")
    (tmp_path / "a.star").write_text(text.replace("_drpnetLabel ", "_other "))
    with pytest.raises(InputFileError, match=r"no table with .* and _drpnetLabel"):
        read_labels(tmp_path / "a.star")
