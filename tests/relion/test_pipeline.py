from pathlib import Path

import pytest
import starfile

from napari_drpnet.relion.pipeline import (
    find_relion_version,
    write_display_settings,
    write_output_nodes,
)

LABELS = "data_job\n_rlnJobTypeLabel relion.external\n_rlnJobIsContinue 0\n"
NUMBERS = "data_job\n_rlnJobType 99\n_rlnJobIsContinue 0\n"
PIPELINE = "data_pipeline_nodes\nloop_\n_rlnPipeLineNodeName #1\n_rlnPipeLineNodeType{} #2\n"


@pytest.fixture
def job(tmp_path):
    (tmp_path / "External/job005").mkdir(parents=True)
    return tmp_path / "External/job005"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (f"# version 30001\n{NUMBERS}", "3.1"),
        (f"# version 30001\n{LABELS}", "4"),
        (f"# version 50001\n{LABELS}", "5"),
        (f"# version 30001\n{PIPELINE.format('')}", "3.1"),
        (f"# version 30001\n{PIPELINE.format('Label')}", "4"),
        (f"# version 30001\n{PIPELINE.format('Label')}_rlnPipeLineNodeTypeLabelDepth #3\n", "5"),
    ],
)
@pytest.mark.parametrize("name", ["job.star", "job_pipeline.star", "../../default_pipeline.star"])
def test_the_version_is_that_of_what_relion_wrote(tmp_path, job, name, text, version):
    (job / name).write_text(text)
    assert find_relion_version(job, tmp_path)[0] == version


def test_the_files_of_the_job_count_more_than_those_of_an_old_project(tmp_path, job):
    (tmp_path / "default_pipeline.star").write_text(f"# version 50001\n{LABELS}")
    (job / "job.star").write_text(f"# version 30001\n{LABELS}")
    assert find_relion_version(job, tmp_path) == ("4", job / "job.star")
    (job / "job_pipeline.star").write_text("_rlnPipeLineNodeTypeLabelDepth #3\n")
    assert find_relion_version(job, tmp_path) == ("5", job / "job_pipeline.star")


def test_nothing_is_guessed_without_files(tmp_path, job):
    assert find_relion_version(job, tmp_path) is None
    (job / "job.star").write_bytes(b"\xff\xfe noise")
    assert find_relion_version(job, tmp_path) is None


def test_only_files_that_are_there_are_named(job):
    path = write_output_nodes(job, Path("External/job005/autopick.star"), None, "5")
    assert path == job / "RELION_OUTPUT_NODES.star"
    table = starfile.read(path, always_dict=True)["output_nodes"]
    row = table if isinstance(table, dict) else table.iloc[0]
    assert row["rlnPipeLineNodeName"] == "External/job005/autopick.star"
    assert row["rlnPipeLineNodeTypeLabel"] == "MicrographCoordsGroup.star.relion.autopick"


@pytest.mark.parametrize(
    ("version", "kind"),
    [("3.1", ("rlnJobType", 3)), ("4", ("rlnJobTypeLabel", "relion.manualpick")),
     ("5", ("rlnJobTypeLabel", "relion.manualpick"))],
)  # fmt: skip
def test_circles_get_the_diameter_of_the_particle(tmp_path, version, kind):
    assert write_display_settings(tmp_path, 182.5, version)
    blocks = starfile.read(tmp_path / ".gui_manualpickjob.star", always_dict=True)
    assert blocks["job"][kind[0]] == kind[1]
    options = blocks["joboptions_values"]
    row = options if isinstance(options, dict) else options.iloc[0]
    assert row["rlnJobOptionVariable"] == "diameter"
    assert float(row["rlnJobOptionValue"]) == 182.5


@pytest.mark.parametrize("name", [".gui_manualpickjob.star", ".gui_manualpickrun.job"])
def test_the_users_own_settings_stay(tmp_path, name):
    (tmp_path / name).write_text("mine")
    assert not write_display_settings(tmp_path, 180, "4")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"
