import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.formats.coordinates import Coordinates
from napari_drpnet.formats.programs.cryosparc import (
    read_cs_mirrored,
    read_cs_stored,
    write_cryosparc_star,
)
from napari_drpnet.formats.programs.star import read_star

UID = "008578565574161745010"
COLUMNS = {
    "uid": "<u8",
    "location/micrograph_path": "S80",
    "location/micrograph_shape": ("<u4", 2),
    "location/center_x_frac": "<f4",
    "location/center_y_frac": "<f4",
    "pick_stats/ncc_score": "<f4",
}


def dtype(**changes):
    return np.dtype({"names": [*COLUMNS], "formats": [*(COLUMNS | changes).values()]})


@pytest.fixture
def cs(tmp_path):
    def write(rows, kind=None):
        file = tmp_path / "a.cs"
        with file.open("wb") as opened:
            np.save(opened, np.array(rows, dtype() if kind is None else kind))
        return file

    return write


def row(y, x, shape=(4000, 6000), name=f"J14/motioncorrected/{UID}_gr1_patch_aligned.mrc"):
    return (7, name, shape, x / shape[1], y / shape[0], 0.5)


def test_fractions_become_pixels_from_either_side(cs):
    file = cs([row(1000, 4500), row(20, 10, (200, 100), b"imported/0815_b.mrc")])
    stored, mirrored = read_cs_stored(file), read_cs_mirrored(file)
    np.testing.assert_allclose(stored.centers_yx, [[1000, 4500], [20, 10]], atol=1e-3)
    np.testing.assert_allclose(mirrored.centers_yx, [[3000, 4500], [180, 10]], atol=1e-3)
    assert stored.micrograph_names == ("gr1_patch_aligned.mrc", "0815_b.mrc")
    np.testing.assert_array_equal(stored.score, [0.5, 0.5])


def test_scores_may_be_missing_and_names_be_unicode(cs):
    kind = dtype(**{"location/micrograph_path": "U80"})
    names = [name for name in kind.names if name != "pick_stats/ncc_score"]
    kind = np.dtype([(name, *kind.fields[name][:1]) for name in names])
    coordinates = read_cs_stored(cs([row(1, 2)[:-1]], kind))
    assert np.isnan(coordinates.score).all()
    assert coordinates.micrograph_names == ("gr1_patch_aligned.mrc",)


def test_no_particles(cs):
    assert len(read_cs_mirrored(cs([]))) == 0


def test_half_a_pixel_at_the_largest_camera(cs):
    rng = np.random.default_rng(0)
    centers = rng.uniform(0, (8184, 11520), (500, 2))
    file = cs([row(y, x, (8184, 11520)) for y, x in centers])
    assert np.abs(read_cs_stored(file).centers_yx - centers).max() < 0.01


class Mine:
    """What a pickle would make when it is loaded."""

    made = False

    def __reduce__(self):
        return (setattr, (Mine, "made", True))


def test_a_pickle_is_refused_and_not_loaded(tmp_path, cs):
    objects = np.empty(1, dtype(**{"location/micrograph_path": "O"}))
    objects["location/micrograph_path"] = Mine()
    np.save(tmp_path / "b.npy", objects, allow_pickle=True)
    (tmp_path / "b.npy").rename(tmp_path / "a.cs")
    with pytest.raises(InputFileError, match="is not a complete cryoSPARC dataset"):
        read_cs_stored(tmp_path / "a.cs")
    (tmp_path / "a.cs").write_bytes(Mine().__reduce_ex__(2) and __import__("pickle").dumps(Mine()))
    with pytest.raises(InputFileError, match=r"is not a \.cs file"):
        read_cs_stored(tmp_path / "a.cs")
    assert not Mine.made


def test_a_truncated_file(cs):
    file = cs([row(1, 2)] * 3)
    whole = file.read_bytes()
    for length in (len(whole) - 1, 200, 9, 7):
        file.write_bytes(whole[:length])
        with pytest.raises(InputFileError, match="not a complete cryoSPARC dataset"):
            read_cs_stored(file)
    for length in (3, 0):
        file.write_bytes(whole[:length])
        with pytest.raises(InputFileError, match=r"is not a \.cs file"):
            read_cs_stored(file)


def test_a_header_that_promises_too_much_takes_no_memory(cs):
    file = cs([row(1, 2)] * 3)
    content = file.read_bytes().replace(b"(3,)", b"(9" + b"9" * 13 + b",)", 1)
    file.write_bytes(content)
    with pytest.raises(InputFileError, match="not a complete cryoSPARC dataset"):
        read_cs_stored(file)


def test_other_kinds_of_files(tmp_path, cs):
    file = tmp_path / "a.cs"
    np.savez(tmp_path / "b.npz", a=np.ones(2))
    contents = {b"\x94CSDAT....": "stream format", (tmp_path / "b.npz").read_bytes(): "not a .cs"}
    for content, reason in contents.items():
        file.write_bytes(content)
        with pytest.raises(InputFileError, match=reason):
            read_cs_stored(file)
    with pytest.raises(InputFileError, match="No such file"):
        read_cs_stored(tmp_path / "gone.cs")


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (np.dtype("f4"), "location/center_x_frac"),
        (np.dtype([("uid", "<u8")]), "location/center_x_frac"),
        (dtype(**{"location/micrograph_shape": "<u4"}), "location/micrograph_shape"),
        (dtype(**{"location/center_y_frac": ("<f4", 2)}), "location/center_y_frac"),
        (dtype(**{"location/micrograph_path": "<u8"}), "location/micrograph_path"),
    ],
)
def test_other_columns(tmp_path, kind, missing):
    with (tmp_path / "a.cs").open("wb") as file:
        np.save(file, np.zeros(2, kind))
    with pytest.raises(InputFileError, match=f"has no column {missing}"):
        read_cs_stored(tmp_path / "a.cs")


def test_positions_that_are_none(cs):
    with pytest.raises(InputFileError, match="particle 2 has no position"):
        read_cs_stored(cs([row(1, 2), row(np.nan, 2)]))


@given(content=st.binary(max_size=200))
def test_garbage_in_the_header_is_an_input_file_error(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "garbage.cs"
    length = len(content).to_bytes(2, "little")
    file.write_bytes(b"\x93NUMPY\x01\x00" + length + content)
    with pytest.raises(InputFileError):
        read_cs_stored(file)


def test_a_star_file_for_import_particles(tmp_path):
    file = tmp_path / "a.star"
    centers = np.array([[1.25, 2.5], [30.0, 40.0], [500.0, 3.0]])
    before = Coordinates(centers, np.array([0.5, np.nan, 1.0]), ("m/a.mrc", "m/b.mrc", "m/b.mrc"))
    write_cryosparc_star(file, before, (100, 100))
    after = read_star(file)
    np.testing.assert_array_equal(after.centers_yx, centers[:2])
    np.testing.assert_array_equal(after.score, [0.5, 0])
    assert after.micrograph_names == ("m/a.mrc", "m/b.mrc")


def test_import_particles_needs_names(tmp_path):
    with pytest.raises(ValueError, match="micrograph_names"):
        write_cryosparc_star(tmp_path / "a.star", Coordinates(np.ones((1, 2)), np.ones(1)))
    assert not list(tmp_path.iterdir())


def test_there_and_back_through_cryosparc(tmp_path, cs):
    """What Import Particles makes of our file, by pyem's inverse of it, is read as it was."""
    ny, nx = 4092, 5760
    centers = np.array([[3.0, 11.0], [4000.5, 5000.25]])
    write_cryosparc_star(tmp_path / "a.star", Coordinates(centers, np.ones(2), ("a.mrc",) * 2))
    y, x = read_star(tmp_path / "a.star").centers_yx.T
    places = zip(x / nx, 1 - y / ny, strict=True)
    imported = [(0, b"a.mrc", (ny, nx), *place, 1) for place in places]
    assert np.abs(read_cs_mirrored(cs(imported)).centers_yx - centers).max() < 0.01
