from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.batch.results.curation import (
    CurationRules,
    curate,
    read_names,
    select_micrographs,
)
from napari_drpnet.batch.results.statistics import MicrographStatistics
from napari_drpnet.relion.lists import read_micrographs_star

GOOD = MicrographStatistics(
    "good.mrc", Path("good.mrc"), (), 100, 125, 0.8, (0.5, 0.7, 0.8, 0.9, 1.0), 0.2, 90.0, 1.5,
    expected_f1=0.75, dirty_area=0.3, expected_precision=0.85,
)  # fmt: skip
EMPTY = replace(GOOD, name="empty.mrc", count=0, mean_fom=None, fom_quantiles=())
MICROGRAPHS = {"good.mrc": GOOD, "empty.mrc": EMPTY, "failed.mrc": None}
NO_RULES = CurationRules()


@pytest.mark.parametrize(
    ("rules", "reasons"),
    [
        ({}, []),
        ({"min_count": 100, "max_count": 100, "min_mean_fom": 0.8, "max_contamination": 0.2}, []),
        ({"min_count": 101}, ["count 100 is below 101"]),
        ({"max_count": 99}, ["count 100 is above 99"]),
        ({"min_mean_fom": 0.81}, ["mean FOM 0.8 is below 0.81"]),
        ({"max_contamination": 0.19}, ["contamination 0.2 is above 0.19"]),
        ({"min_expected_f1": 0.75}, []),
        ({"min_expected_f1": 0.76}, ["expected F1 0.75 is below 0.76"]),
        ({"min_expected_precision": 0.86}, ["expected precision 0.85 is below 0.86"]),
        ({"max_dirty_area": 0.3}, []),
        ({"max_dirty_area": 0.2}, ["dirty area 0.3 is above 0.2"]),
        ({"min_count": 200, "max_contamination": 0}, ["count 100 is below 200",
                                                      "contamination 0.2 is above 0"]),
    ],
)  # fmt: skip
def test_rules_object_beyond_their_limit(rules, reasons):
    assert list(CurationRules(**rules).objections(GOOD)) == reasons


def test_what_is_unknown_meets_no_limit():
    unknown = replace(EMPTY, contamination=None, expected_f1=None, dirty_area=None)
    rules = CurationRules(
        min_mean_fom=0.1, max_contamination=1, min_expected_f1=0, max_dirty_area=1
    )
    assert [reason.split("(")[1][:7] for reason in rules.objections(unknown)] == ["unknown"] * 4
    with pytest.raises(ValidationError):
        CurationRules(max_contamination=1.1)


def test_the_excluded_have_reasons():
    selection = select_micrographs(MICROGRAPHS, CurationRules(min_count=1))
    assert selection.kept == ("good.mrc",)
    assert selection.excluded == {"empty.mrc": "count 0 is below 1", "failed.mrc": "not picked"}
    assert selection.particles == 100


def test_a_name_counts_more_than_rules():
    rules, names = CurationRules(min_count=1), {"empty.mrc", "failed.mrc"}
    selection = select_micrographs(MICROGRAPHS, rules, include=names, exclude={"good.mrc"})
    assert selection.kept == ("empty.mrc", "failed.mrc")
    assert selection.excluded == {"good.mrc": "named to be excluded"}
    both = select_micrographs(MICROGRAPHS, NO_RULES, include=names, exclude=names)
    assert both.kept == ("good.mrc",)


def test_names_are_whole_or_of_files(tmp_path):
    known = {"a/x.mrc", "b/x.mrc", "b/y.mrc"}
    (tmp_path / "names.txt").write_text("\n y.mrc \nb/x.mrc\r\n")
    assert read_names(tmp_path / "names.txt", known) == {"b/y.mrc", "b/x.mrc"}
    (tmp_path / "names.star").write_text("data_\nloop_\n_rlnMicrographName\na/x.mrc\n")
    assert read_names(tmp_path / "names.star", known) == {"a/x.mrc"}
    for wrong, reason in (("x.mrc", "'x.mrc' matches several"), ("z.mrc", "'z.mrc' matches none")):
        (tmp_path / "names.txt").write_text(wrong)
        with pytest.raises(InputFileError, match=reason):
            read_names(tmp_path / "names.txt", known)


def test_a_list_of_relion_keeps_its_columns(pick, use_toy_weights):
    pick("in/sub/m0.mrc", "in/sub/m1.mrc")
    text = "data_micrographs\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n"
    rows = [f"in/sub/../sub/m{k}.mrc 1{k}000.50\n" for k in range(3)]
    Path("list.star").write_text(text + "".join(rows))
    Path("bad.txt").write_text("m0.mrc")
    selection = curate(
        Path("out"),
        Path("selected.star"),
        NO_RULES,
        micrographs_star=Path("list.star"),
        exclude=Path("bad.txt"),
    )
    assert list(selection.excluded.values()) == ["named to be excluded", "not picked"]
    assert Path("selected.star").read_text() == text + rows[1]


def test_a_folder_becomes_a_new_list(pick, use_toy_weights):
    report = pick()
    selection = curate(Path("out"), Path("selected.star"), CurationRules(min_count=1))
    assert selection.particles == sum(picked.accepted for picked in report.picked)
    listed = read_micrographs_star("selected.star")
    assert [entry.name for entry in listed] == [picked.name for picked in report.picked]
    assert [entry.pixel_size_angstrom for entry in listed] == [2.0] * 3


def test_nothing_is_written_where_nothing_stays(pick, use_toy_weights, tmp_path):
    pick("in/sub/m0.mrc")
    with pytest.raises(InputFileError, match="out: no micrograph would be kept"):
        curate(Path("out"), Path("selected.star"), CurationRules(min_count=9999))
    with pytest.raises(InputFileError, match="in: has no picked micrographs"):
        curate(Path("in"), Path("selected.star"), NO_RULES)
    assert not Path("selected.star").exists()
