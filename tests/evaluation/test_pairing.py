import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.evaluation.pairing import finite_scores, pair_coordinates
from napari_drpnet.formats import Coordinates, read_coordinates, write_coordinates


def write(path, count, names=None):
    rows = np.arange(2.0 * count).reshape(count, 2)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_coordinates(path, Coordinates(rows, np.ones(count), names, box_size_px=10.0))


def sizes(pairing):
    return {name: (len(picks), len(truth)) for name, (picks, truth) in pairing.pairs.items()}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_folders_are_matched_by_micrograph():
    write("picks/a_autopick.star", 1)
    write("picks/sub/b.c_autopick.box", 2)
    write("truth/a.csv", 3)
    write("truth/b.c.csv", 4)
    assert sizes(pair_coordinates("picks", "truth")) == {"a": (1, 3), "b.c": (2, 4)}


def test_truth_without_picks_is_missed_and_picks_without_truth_are_listed():
    write("picks/a.star", 1)
    write("picks/c.star", 1)
    write("truth/a.csv", 3)
    write("truth/b.csv", 4)
    pairing = pair_coordinates("picks", "truth")
    assert sizes(pairing) == {"a": (1, 3), "b": (0, 4)}
    assert pairing.unlabelled == ("c",)


def test_two_files_are_about_the_same_micrograph():
    write("mine.star", 1)
    write("yours.csv", 2)
    assert sizes(pair_coordinates("mine.star", "yours.csv")) == {"mine": (1, 2)}


def test_a_file_may_hold_many_micrographs():
    write("all.csv", 3, ("m/a.mrc", "m/a.mrc", "m/b.mrc"))
    write("truth/a.csv", 4)
    write("truth/b.csv", 5)
    assert sizes(pair_coordinates("all.csv", "truth")) == {"a": (2, 4), "b": (1, 5)}


def test_suffixes_of_micrographs_may_be_in_capitals():
    write("picks/A_autopick.csv", 1)
    write("truth.csv", 1, ["A.MRC"])
    assert sizes(pair_coordinates("picks", "truth.csv")) == {"A": (1, 1)}


def test_one_long_name_among_many_takes_no_memory_for_each_row():
    names = ["x" * 40_000, *(f"a{row}" for row in range(5000))]
    lines = [f"{name}\t{row}\t2\t0.5\n" for row, name in enumerate(names)]
    Path("all.txt").write_text("image_name\tx_coord\ty_coord\tscore\n" + "".join(lines))
    tracemalloc.start()
    pairing = pair_coordinates("all.txt", "all.txt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pairing.pairs) == 5001
    assert peak < 100e6


def test_equal_names_in_two_folders_keep_their_folders():
    for folder, count in (("g1", 1), ("g2", 2)):
        write(f"picks/{folder}/a_autopick.star", count)
        write(f"truth/{folder}/a.csv", 3)
    assert sizes(pair_coordinates("picks", "truth")) == {"g1/a": (1, 3), "g2/a": (2, 3)}


@pytest.mark.parametrize(
    ("picks", "truth"),
    [("out/Micrographs", "truth"), ("out", "sim/Micrographs"), ("out/M", "a/b/c")],
)
def test_trees_may_begin_with_other_folders(picks, truth):
    for folder, count in (("g1", 1), ("g2", 2)):
        write(f"{picks}/{folder}/a_autopick.star", count)
        write(f"{truth}/{folder}/a.csv", 3)
    write(f"{picks}/g2/b_autopick.star", 4)
    roots = Path(picks).parts[0], Path(truth).parts[0]
    pairing = pair_coordinates(*roots)
    assert sizes(pairing) == {"g1/a": (1, 3), "g2/a": (2, 3)}
    assert pairing.unlabelled == ("g2/b",)


def test_folders_that_do_not_tell_which_is_which_are_not_matched():
    for folder in ("x/g1", "y/g1"):
        write(f"picks/{folder}/a_autopick.star", 1)
    write("truth/g1/a.csv", 3)
    with pytest.raises(InputFileError, match="no micrograph has both"):
        pair_coordinates("picks", "truth")


def test_files_of_eman2_and_xmipp_count_but_no_other_json():
    write("picks/a_info.json", 1)
    write("picks/b.pos", 2)
    Path("picks/summary.json").write_text('{"picks": 3}')
    write("truth/a.csv", 3)
    write("truth/b.csv", 4)
    pairing = pair_coordinates("picks", "truth")
    assert (sizes(pairing), pairing.unlabelled) == ({"a": (1, 3), "b": (2, 4)}, ())


def test_of_several_formats_the_most_precise_counts():
    for suffix, count in ((".star", 1), (".csv", 2), (".box", 3)):
        write(f"picks/a_autopick{suffix}", count)
    write("truth/a.csv", 3)
    assert sizes(pair_coordinates("picks", "truth")) == {"a": (2, 3)}


def test_summaries_and_hidden_files_are_not_coordinates():
    write("picks/a_autopick.star", 1)
    of_relion = ("RELION_OUTPUT_NODES.star", "job.star", "job_pipeline.star", "autopick.star")
    for name in (*of_relion, "candidates.csv", ".drpnet/x.csv", ".a-12345678.part.star"):
        Path("picks", name).parent.mkdir(exist_ok=True)
        Path("picks", name).write_text("half-writ")
    write("truth/a.csv", 3)
    assert pair_coordinates("picks", "truth").unlabelled == ()


@pytest.mark.parametrize(
    ("picks", "message"),
    [
        ("nowhere", "no such file"),
        ("empty", r"no \.csv, \.cbox, \.star, \.box"),
        ("other", "no micrograph has both"),
    ],
)
def test_what_cannot_be_matched_is_an_error(picks, message):
    write("truth/a.csv", 3)
    Path("empty").mkdir()
    write("other/b.csv", 1)
    with pytest.raises(InputFileError, match=message):
        pair_coordinates(picks, "truth")


def test_missing_scores_equal_the_lowest():
    Path("a.csv").write_text("x,y,score\n1,2,0.5\n1,2,\n1,2,0.2\n")
    assert finite_scores(read_coordinates("a.csv")).tolist() == [0.5, 0.2, 0.2]
    Path("b.csv").write_text("x,y\n1,2\n")
    assert finite_scores(read_coordinates("b.csv")).tolist() == [0.0]
    Path("c.csv").write_text("x,y\n")
    assert finite_scores(read_coordinates("c.csv")).tolist() == []


def test_tables_of_topaz_and_boxes_of_cryolo_count_but_no_summaries_and_notes():
    write("picks/all.txt", 3, ("m/a.mrc", "m/a.mrc", "m/b.mrc"))
    write("picks/c.cbox", 2)
    write("picks/cryosparc.star", 5, ("a.mrc",) * 5)
    Path("picks/notes.txt").write_text("Picked on Monday\n")
    Path("picks/summary.csv").write_text("name,picks\na,2\n")
    Path("picks/coords_suffix_autopick.star").write_text("gone.star\n")
    for name in "abc":
        write(f"truth/{name}.csv", 4)
    assert sizes(pair_coordinates("picks", "truth")) == {"a": (2, 4), "b": (1, 4), "c": (2, 4)}
