import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.job_folders import find_refinement
from napari_drpnet.quality.postprocess import read_postprocess, refinement_curves
from relion_jobs import JOB, POSTPROCESS, table, values, write_map, write_postprocess, write_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


def test_curves_and_resolution_of_a_job(project):
    curves = read_postprocess(POSTPROCESS)
    assert curves.source == "PostProcess"
    assert list(curves.curves) == ["corrected", "unmasked"]
    assert curves.name == "corrected"
    assert curves.resolution.angstrom == 36.0
    assert 216 / 8 < curves.resolution.interpolated < 216 / 7
    assert curves.mask == project / "mask.mrc"
    assert curves.half_map == project / JOB / "run_half1_class001_unfil.mrc"


def test_files_outside_of_the_project_are_ignored(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "run_half1_class001_unfil.mrc"
    write_map(outside, np.zeros((4, 4, 4)))
    write_postprocess(project / POSTPROCESS, half_map=outside)
    assert read_postprocess(POSTPROCESS).half_map is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no table with _rlnFinalResolution"),
        (values("general", rlnFinalResolution=20), "no table with _rlnResolution"),
        (
            values("general", rlnFinalResolution=20) + table("fsc", rlnResolution=[0, 0.1]),
            "has no Fourier shell correlation",
        ),
        (
            values("general", rlnFinalResolution="nan")
            + table(
                "fsc",
                rlnResolution=[0, 0.1, 0.2],
                rlnFourierShellCorrelationCorrected=[1, 0.9, 0],
            ),
            "no number as _rlnFinalResolution",
        ),
    ],
)
def test_damaged_files_are_named(project, text, reason):
    (project / POSTPROCESS / "postprocess.star").write_text(text)
    with pytest.raises(InputFileError, match=f"postprocess.star: .*{reason}"):
        read_postprocess(POSTPROCESS)


def test_half_maps_are_compared_where_they_are(project):
    curves = refinement_curves(find_refinement(JOB))
    assert curves.source == "half maps"
    assert curves.resolution.angstrom == pytest.approx(30.857143)


def test_the_curve_of_the_model_stands_in_for_half_maps(project):
    for path in (project / JOB).glob("*_unfil.mrc"):
        path.unlink()
    curves = refinement_curves(find_refinement(JOB))
    assert curves.source == "model.star"
    assert curves.resolution.angstrom == pytest.approx(216 / 7)
    (project / JOB / "run_model.star").unlink()
    assert refinement_curves(find_refinement(JOB)) is None


def test_a_model_that_is_cut_is_named(project):
    for path in (project / JOB).glob("*_unfil.mrc"):
        path.unlink()
    model = project / JOB / "run_model.star"
    whole = model.read_text().splitlines(keepends=True)
    start = next(row for row, line in enumerate(whole) if "GoldStandard" in line)
    model.write_text("".join(whole[: start + 6]))
    with pytest.raises(InputFileError, match=r"run_model.star: ends after 5 of 13 rows"):
        refinement_curves(find_refinement(JOB))
