"""`drpnet convert --split-by`: one file with many micrographs becomes RELION's files of each."""

from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.formats import Coordinates, read_coordinates, write_coordinates
from napari_drpnet.relion.lists import MicrographEntry, read_index, write_micrographs_star
from napari_drpnet.relion.pipeline import write_new_pipeline

LIST = "CtfFind/job003/micrographs_ctf.star"
NAMES = [f"MotionCorr/job002/Movies/{name}.mrc" for name in ("g1/a", "g2/a", "g2/b")]
UID = "001234567890123456789_"


@pytest.fixture(autouse=True)
def project(drpnet, write_discs):
    """A RELION project of three micrographs in two folders, two of them of one name."""
    for name in NAMES:
        write_discs(name)
    entries = [MicrographEntry(name, Path(name), 2.0) for name in NAMES]
    write_micrographs_star(LIST, entries)


def write_particles(path, names, format_name=None):
    """Write two particles of each named micrograph, at rows of their own."""
    rows = np.arange(2.0 * len(names))
    centers = np.stack([rows, 10 + rows], axis=-1)
    every = tuple(name for name in names for _ in range(2))
    write_coordinates(path, Coordinates(centers, rows / 10, every), None, format_name)


def rows_in(file):
    return read_coordinates(file).centers_yx[:, 0].astype(int).tolist()


def test_particles_of_relion_become_files_in_its_tree(drpnet):
    names = [f"Extract/job007/Movies/{name}.mrc" for name in ("g2/b", "g1/a")]
    write_particles("Select/particles.star", names)
    shown = drpnet("convert", "Select/particles.star", "DRPnet", "--split-by", LIST).stdout
    assert shown.splitlines()[:2] == [
        "4 particles of 2 micrographs: Select/particles.star -> DRPnet",
        f"1 micrograph of {LIST} without particles",
    ]
    assert f"micrographs {LIST}, and as coordinates" in shown
    assert rows_in("DRPnet/Movies/g2/b_autopick.star") == [0, 1]
    assert rows_in("DRPnet/Movies/g1/a_autopick.star") == [2, 3]
    assert rows_in("DRPnet/Movies/g2/a_autopick.star") == []
    assert read_index("DRPnet/autopick.star") == [
        (name, f"DRPnet/Movies/{place}_autopick.star")
        for name, place in zip(NAMES, ("g1/a", "g2/a", "g2/b"), strict=True)
    ]
    assert Path("DRPnet/coords_suffix_autopick.star").read_text() == f"{LIST}\n"
    for index in ("autopick.star", "coords_suffix_autopick.star"):
        back = read_coordinates(Path("DRPnet", index))
        assert back.micrograph_names == (NAMES[0],) * 2 + (NAMES[2],) * 2
        assert back.score.tolist() == [0.2, 0.3, 0, 0.1]


def test_names_of_cryosparc_are_matched(drpnet):
    names = [f"J12/motioncorrected/g1/{UID}a_patch_aligned_doseweighted.mrc", f"J12/{UID}b.mrc"]
    write_particles("csparc.star", names, "cryosparc")
    done = drpnet("convert", "csparc.star", "out", "--split-by", LIST)
    assert done.stdout.startswith("4 particles of 2 micrographs")
    assert not done.stderr
    assert rows_in("out/Movies/g2/b_autopick.star") == [2, 3]


def test_what_cannot_be_matched_is_named_and_counted(drpnet):
    write_particles("all.txt", ["a", "b", "c", "d"])
    done = drpnet("convert", "all.txt", "out", "--split-by", LIST)
    assert done.stdout.startswith("2 particles of 1 micrograph: all.txt -> out\n")
    assert done.stderr.splitlines() == [
        f"Warning: 4 particles of c, d left out: not in {LIST}",
        f"Warning: 2 particles of a left out: may be several micrographs of {LIST}",
    ]
    write_particles("other.txt", ["x"])
    refused = drpnet("convert", "other.txt", "other", "--split-by", LIST, code=1).stderr
    assert f"other.txt: names no micrograph of {LIST}; its first one is x" in refused
    assert not Path("other").exists()


def test_particles_outside_are_left_out_since_relion_would_stop(drpnet):
    Path("far.csv").write_text("x,y,micrograph\n10,10,b\n1000,10,b\n10,-3,b\n")
    done = drpnet("convert", "far.csv", "out", "--split-by", LIST)
    assert done.stdout.startswith("1 particle of 1 micrograph")
    assert done.stderr == "Warning: 2 particles left out: outside of their micrographs\n"


def test_nothing_is_replaced_without_being_asked_and_nothing_old_is_left(drpnet):
    write_particles("one.csv", ["g1/a"])
    write_particles("two.csv", ["g2/a"])
    drpnet("convert", "one.csv", "out", "--split-by", LIST)
    refused = drpnet("convert", "two.csv", "out", "--split-by", LIST, code=1).stderr
    assert "out/Movies/g1/a_autopick.star: exists already" in refused
    assert rows_in("out/Movies/g1/a_autopick.star") == [0, 1]
    drpnet("convert", "two.csv", "out", "--split-by", LIST, "--overwrite")
    assert rows_in("out/Movies/g1/a_autopick.star") == []
    assert rows_in("out/Movies/g2/a_autopick.star") == [0, 1]


def test_the_files_suit_the_version_of_the_project(drpnet):
    write_new_pipeline(Path())
    write_particles("one.csv", ["g1/a"])
    text = Path("default_pipeline.star").read_text()
    node_types = "\ndata_pipeline_nodes\n\nloop_\n_rlnPipeLineNodeName\n_rlnPipeLineNodeType\na 1\n"
    Path("default_pipeline.star").write_text(text + node_types)
    shown = drpnet("convert", "one.csv", "out", "--split-by", LIST).stdout
    assert "coordinates out/coords_suffix_autopick.star" in shown
    assert "SelectionType" not in Path("out/Movies/g1/a_autopick.star").read_text()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("plain.csv", "out"), "does not name the micrograph of each row"),
        (("one.csv",), "needs a folder OUT"),
        (("one.csv", "out", "--to", "eman"), "no --to"),
    ],
)
def test_what_does_not_fit_is_refused(drpnet, arguments, reason):
    Path("plain.csv").write_text("x,y\n1,2\n")
    write_particles("one.csv", ["g1/a"])
    look = ("--preview", "look.png", "--micrograph", NAMES[0])
    assert reason in drpnet("convert", *arguments, "--split-by", LIST, *look, code=2).stderr
