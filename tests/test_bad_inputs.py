"""Files as damaged disks, other programs and careless senders leave them, if they are there."""

import resource
import shutil

import pytest

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.evaluation.pairing import pair_coordinates
from napari_drpnet.evaluation.scores import score_picks
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.parameters import ParticleParameters, PickParameters
from napari_drpnet.picking.pick import pick
from napari_drpnet.project.storage.store import ProjectStore
from napari_drpnet.simulation import read_structure


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tiff-ifd-cycle.tif", "movie, stack or volume|cycle"),
        ("bomb-1bit-20000x20000.png", "claim an image"),
        ("extended_header_lost.mrc", "extended header of 1312 bytes, which is not there"),
    ],
)
def test_micrographs_that_lie_are_refused(bad_inputs, name, reason):
    with pytest.raises(InputFileError, match=reason):
        read_micrograph(bad_inputs / name)


def test_a_density_map_takes_no_memory_for_what_it_claims(bad_inputs):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputFileError, match="bytes of header"):
        read_structure(bad_inputs / "ext-header-2GiB.map.gz")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_20000_points_at_one_place_are_refused(bad_inputs):
    file = bad_inputs / "coincident-20000.csv"
    ((mine, truth),) = pair_coordinates(file, file).pairs.values()
    with pytest.raises(ValueError, match="pairs of a pick and a particle"):
        score_picks(mine.centers_yx, truth.centers_yx, 100.0, 0.5)


def test_a_project_cannot_write_outside_of_a_folder(bad_inputs, tmp_path):
    shutil.copy(bad_inputs / "project-output-traversal.json", tmp_path / "project.json")
    (tmp_path / "journal.jsonl").touch()
    with pytest.raises(InputFileError, match=r"project\.json"):
        ProjectStore.open(tmp_path)


def test_picks_behind_the_edge_of_the_beam_are_those_of_the_rest(bad_inputs):
    micrograph = read_micrograph(bad_inputs / "beam_edge.mrc.gz")
    parameters = PickParameters(particle=ParticleParameters(diameter_angstrom=150))
    picks = pick(micrograph, parameters)
    accepted = picks.centers_yx[picks.accepted]
    assert len(accepted) in range(8, 12)
    assert (((accepted - [450, 500]) ** 2).sum(axis=1) < 400**2).all()
