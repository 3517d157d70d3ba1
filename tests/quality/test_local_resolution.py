import numpy as np
import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.quality.local_resolution import read_local_resolution
from relion_jobs import LOCAL, write_local_resolution, write_map


@pytest.fixture
def project(tmp_path):
    write_local_resolution(tmp_path)
    return tmp_path


def test_the_median_inside_the_mask(project):
    local = read_local_resolution(project / LOCAL, project / "mask.mrc")
    assert local.quartiles == (20, 20, 20)


def test_without_a_mask_all_voxels_with_a_resolution_count(project):
    local = read_local_resolution(project / LOCAL / "relion_locres.mrc")
    assert local.quartiles == (20, 30, 30)


def test_maps_that_do_not_fit_are_refused(project):
    write_map(project / "mask.mrc", np.ones((4, 4, 4)))
    with pytest.raises(InputFileError, match=r"mask.mrc: has the shape \(4, 4, 4\)"):
        read_local_resolution(project / LOCAL, project / "mask.mrc")
    write_map(project / LOCAL / "relion_locres.mrc", np.zeros((4, 4, 4)))
    with pytest.raises(InputFileError, match="no voxel with a resolution"):
        read_local_resolution(project / LOCAL)
    with pytest.raises(InputFileError, match=r"relion_locres.mrc: there is no such file"):
        read_local_resolution(project)
