import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.programs.matlab_star import convert_matlab_star, matlab_star_confidence
from napari_drpnet.formats.programs.star import read_star

PUBLISHED = "formats/drpnet_matlab_EMD-2984_0000_autopick.star"


def write_xy_star(file, positions, digits=6):
    rows = "".join(f"{x:.{digits}f} {y:.{digits}f}\n" for x, y in positions)
    file.write_text(f"\ndata_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n{rows}")
    return file


@pytest.fixture
def means_of_pixels():
    random = np.random.default_rng(0)
    regions = [random.integers(1, 60, (count, 2)) for count in random.integers(1, 300, 40)]
    return np.array([region.mean(axis=0) for region in regions])


def test_recognises_means_of_whole_pixels(tmp_path, means_of_pixels):
    assert matlab_star_confidence(write_xy_star(tmp_path / "a.star", means_of_pixels)) == 1


@pytest.mark.parametrize("digits", [0, 1, 2, 3, 6])
def test_does_not_recognise_other_positions(tmp_path, digits):
    positions = np.random.default_rng(1).uniform(1, 4000, (100, 2))
    assert matlab_star_confidence(write_xy_star(tmp_path / "a.star", positions, digits)) < 0.05


@pytest.mark.parametrize("factor", [1, 0.5, 4, 4092 / 1024, 5760 / 1800])
def test_does_not_recognise_rescaled_whole_pixels(tmp_path, factor):
    positions = np.random.default_rng(2).integers(1, 1000, (100, 2)) * factor
    assert matlab_star_confidence(write_xy_star(tmp_path / "a.star", positions)) == 0


def test_positions_below_one_and_other_columns_are_not_matlab(tmp_path, means_of_pixels):
    file = write_xy_star(tmp_path / "a.star", means_of_pixels - 30)
    assert matlab_star_confidence(file) == 0
    file = write_xy_star(tmp_path / "a.star", means_of_pixels)
    file.write_text(file.read_text().replace("_rlnCoordinateX", "_rlnX"))
    assert matlab_star_confidence(file) == 0


def test_an_empty_file_is_not_recognised(tmp_path):
    assert matlab_star_confidence(write_xy_star(tmp_path / "a.star", [])) == 0


def test_converts_with_the_rule_of_geometry(tmp_path):
    file = write_xy_star(tmp_path / "a.star", [(10, 20)])
    converted = convert_matlab_star(file, 3)
    np.testing.assert_allclose(converted.centers_yx, [[59.5, 29.5]])
    assert np.isnan(converted.score).all()


def test_refuses_bad_scales_and_files(tmp_path):
    with pytest.raises(ValueError, match="scale"):
        convert_matlab_star(write_xy_star(tmp_path / "a.star", [(1, 2)]), 0)
    (tmp_path / "b.star").write_text("hello")
    with pytest.raises(InputFileError):
        matlab_star_confidence(tmp_path / "b.star")


def test_the_published_file(shared_data):
    assert matlab_star_confidence(shared_data / PUBLISHED) == 1
    assert len(convert_matlab_star(shared_data / PUBLISHED, 4)) == 69
    np.testing.assert_array_equal(
        read_star(shared_data / PUBLISHED).centers_yx[0], [393.171655, 95.891725]
    )


def test_no_other_published_file_looks_like_it(shared_data, tmp_path):
    for file in [
        *shared_data.glob("published_picks_10017/*/*31_0.star"),
        *shared_data.glob("formats/*30.star"),
    ]:
        positions_xy = read_star(file).centers_yx[:, ::-1]
        assert matlab_star_confidence(write_xy_star(tmp_path / "a.star", positions_xy)) < 0.05
