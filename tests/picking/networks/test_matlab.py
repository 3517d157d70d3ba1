import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.io import savemat

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import swap_xy
from napari_drpnet.evaluation.scores import score_picks
from napari_drpnet.images.micrograph import Micrograph, read_micrograph
from napari_drpnet.picking.loading import load_networks
from napari_drpnet.picking.networks.matlab import import_published_detector
from napari_drpnet.picking.networks.weights import load_detector
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.pick import pick

SHAPES = {
    "d": (32, 1, 9, 9),
    "f": (32, 32, 3, 3),
    "h": (32, 32, 7, 1),
    "j": (32, 32, 1, 7),
    "m": (32, 3, 3),
}
PARAMETERS = PickParameters.model_validate(
    {
        "particle": {"diameter_angstrom": 180, "pixel_size_angstrom": 1.77},
        "detector": {"weights": "published", "device": "cpu"},
        "classifier": {"classifier": "none"},
    }
)


@pytest.fixture(autouse=True)
def weights_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DRPNET_WEIGHTS", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture
def published(shared_data):
    return shared_data / "weights" / "drpnet_published_fcrn.mat"


def write_mat(path, shapes=SHAPES):
    """Write random weights as MATLAB 7.3 does."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for key, shape in shapes.items():
            file[f"#refs#/{key}/Weights/Value"] = rng.normal(size=shape)
            bias = rng.normal(size=(1, 1, shape[0] if len(shape) == 4 else 1))
            file[f"#refs#/{key}/Bias/Value"] = bias
    return path


def test_kernels_are_turned(tmp_path):
    source = write_mat(tmp_path / "cnet_1.mat")
    path = import_published_detector(source, "mine")
    assert path == tmp_path / "own" / "mine.safetensors"
    module = load_detector("mine").module
    with h5py.File(source) as file:
        for key, layer in zip("dfhj", list(module.children())[:4], strict=True):
            stored = file[f"#refs#/{key}/Weights/Value"]
            for output, feature in ((0, 0), (31, layer.in_channels - 1)):
                kernel = layer.weight[output, feature].detach().numpy()
                assert_array_equal(kernel, stored[output, feature].T.astype(np.float32))
            bias = file[f"#refs#/{key}/Bias/Value"][0, 0].astype(np.float32)
            assert_array_equal(layer.bias.detach(), bias)
        last = module.conv_5.weight.detach().numpy()
        assert last.shape == (1, 32, 3, 3)
        assert_array_equal(last[0, 7], file["#refs#/m/Weights/Value"][7].T.astype(np.float32))


def test_the_card_notes_licence_and_settings(tmp_path):
    import_published_detector(write_mat(tmp_path / "cnet_1.mat"))
    card = load_detector("published").card
    assert "Academic use only" in card.licence
    assert "Not to be redistributed" in card.licence
    assert (card.normalization, card.map_units, card.score) == (
        "published",
        "published",
        "prominence",
    )


@pytest.mark.parametrize(
    "content", [b"", b"junk" * 200, b"\x89HDF\r\n\x1a\n" + bytes(500), b"MATLAB 5.0 MAT-file"]
)
def test_junk(tmp_path, content):
    (tmp_path / "junk.mat").write_bytes(content)
    with pytest.raises(
        InputFileError, match=r"junk\.mat: not the published DRPnet detector\. Give"
    ):
        import_published_detector(tmp_path / "junk.mat")
    assert not (tmp_path / "own").exists()


def test_other_matlab_files(tmp_path):
    savemat(tmp_path / "five.mat", {"d": np.zeros(3)})
    write_mat(tmp_path / "other.mat", SHAPES | {"f": (32, 16, 3, 3)})
    write_mat(tmp_path / "less.mat", {"d": SHAPES["d"]})
    with h5py.File(tmp_path / "groups.mat", "w") as file:
        for key in SHAPES:
            file.create_group(f"#refs#/{key}/Weights/Value")
    with h5py.File(tmp_path / "vast.mat", "w") as file:
        for key in SHAPES:
            file.create_dataset(f"#refs#/{key}/Weights/Value", (1 << 40,), "f4", chunks=(99,))
    for name in ("five", "other", "less", "groups", "vast"):
        with pytest.raises(InputFileError, match=f"{name}.mat: not the published DRPnet detector"):
            import_published_detector(tmp_path / f"{name}.mat")
    with pytest.raises(InputFileError, match=r"absent.mat: there is no such file"):
        import_published_detector(tmp_path / "absent.mat")


def test_damaged_anywhere(tmp_path):
    content = write_mat(tmp_path / "whole.mat").read_bytes()
    rng = np.random.default_rng(0)
    damaged = tmp_path / "damaged.mat"
    for length in rng.integers(len(content), size=10):
        damaged.write_bytes(content[:length])
        with pytest.raises(InputFileError, match="damaged"):
            import_published_detector(damaged)


def test_the_published_weights(published):
    import_published_detector(published)
    module = load_detector("published").module
    assert sum(each.numel() for each in module.parameters()) == 26_561
    with h5py.File(published) as file:
        stored = file["#refs#/h/Weights/Value"]
        assert stored.shape == (32, 32, 7, 1)
        assert_array_equal(module.conv_3.weight.detach(), np.swapaxes(stored[()], 2, 3))


def test_the_published_detector_picks_10017_as_it_should(published, shared_data):
    """On a corner of each micrograph; docs/accuracy.md has F1 of the whole ones."""
    import_published_detector(published)
    networks = load_networks(PARAMETERS)
    side, pixel_size = 1024, PARAMETERS.particle.pixel_size_angstrom
    tallies = []
    for file in sorted((shared_data / "micrographs" / "bgal_10017").glob("*.jpg")):
        corner = read_micrograph(file).pixels[:side, :side]
        picks = pick(Micrograph(corner, pixel_size), PARAMETERS, networks)
        table = np.loadtxt(file.with_suffix(".csv"), delimiter=",", skiprows=1, usecols=(0, 1))
        truth = swap_xy(table)[np.all(table < side, axis=1)]
        tallies.append(score_picks(picks.centers_yx, truth, 180 / pixel_size).tally)
    assert len(tallies) == 4
    right = sum(tally.true_positives for tally in tallies)
    wrong = sum(tally.false_positives + tally.false_negatives for tally in tallies)
    assert 2 * right / (2 * right + wrong) >= 0.6
