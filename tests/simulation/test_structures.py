import gzip

import mrcfile
import numpy as np
import pytest
from mrcfile.dtypes import HEADER_DTYPE
from numpy.testing import assert_allclose

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.simulation import (
    ALL_SHAPES,
    SHAPES,
    Structure,
    make_shape,
    read_structure,
    structures,
)
from napari_drpnet.simulation.structures import PROTEIN_CONTRAST_VOLT, VOLUME_PER_ATOM

#: A carbon at (1, 2, 3), a nitrogen 10 Å along x, a hydrogen and a water far away.
PDB = """\
ATOM      1  CA  ALA A   1       1.000   2.000   3.000  1.00  0.00           C
ATOM      2  N   ALA A   2      11.000   2.000   3.000  1.00  0.00           N
ATOM      3  H   ALA A   2     500.000   2.000   3.000  1.00  0.00           H
HETATM    4  O   HOH A   3     900.000   2.000   3.000  1.00  0.00           O
END
"""
CIF = """\
data_tiny
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_alt_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_entity_id
_atom_site.label_seq_id
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.auth_asym_id
_atom_site.auth_seq_id
_atom_site.pdbx_PDB_model_num
ATOM 1 C CA . ALA A 1 1 1.0 2.0 3.0 A 1 1
ATOM 2 N N . ALA A 1 2 11.0 2.0 3.0 A 2 1
"""
UNKNOWN_ELEMENT = PDB.splitlines()[0][:76] + " X\nEND\n"


def write_map(path, density, voxel=4.0):
    with mrcfile.new(path) as file:
        file.set_data(density)
        file.voxel_size = voxel
    return path


def brick():
    """Density 2 in a brick of 6 × 10 × 14 voxels (z, y, x), weak noise around it."""
    density = np.random.default_rng(0).normal(0, 0.05, (20, 24, 28)).astype(np.float32)
    density[4:10, 8:18, 6:20] = 2
    return density


@pytest.mark.parametrize(("suffix", "text"), [(".pdb", PDB), (".ent", PDB), (".cif", CIF)])
@pytest.mark.parametrize("packed", [False, True])
def test_atoms(tmp_path, suffix, text, packed):
    path = tmp_path / f"tiny{suffix}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    structure = read_structure(str(path))
    assert structure.name == path.name
    assert_allclose(structure.points[1] - structure.points[0], [0, 0, 10], atol=1e-6)
    assert_allclose(structure.weights @ structure.points, 0, atol=1e-6)
    assert structure.weights[1] > structure.weights[0]
    assert_allclose(structure.weights, VOLUME_PER_ATOM * PROTEIN_CONTRAST_VOLT, rtol=0.15)


@pytest.mark.parametrize("suffix", [".mrc", ".map", ".ccp4", ".mrc.gz"])
def test_maps(tmp_path, suffix):
    path = write_map(tmp_path / "brick.mrc", brick())
    content = path.read_bytes()
    path = tmp_path / f"b{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    structure = read_structure(path)
    assert len(structure.points) == 6 * 10 * 14
    assert_allclose(np.ptp(structure.points, axis=0), [24, 40, 56], atol=1)
    assert structure.weights.sum() == pytest.approx(840 * 4**3 * PROTEIN_CONTRAST_VOLT)


def test_large_structures_are_thinned_at_the_same_weight(tmp_path):
    density = np.ones((32, 32, 32), np.float32)
    structure = read_structure(write_map(tmp_path / "cube.mrc", density, 2.0))
    assert len(structure.points) == 20_000
    assert structure.weights.sum() == pytest.approx(32**3 * 2**3 * PROTEIN_CONTRAST_VOLT)
    again = read_structure(tmp_path / "cube.mrc")
    assert_allclose(again.points, structure.points)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.pdb", b""),
        ("words.pdb", b"no atoms here\n" * 30),
        ("water.pdb", PDB.splitlines()[3].encode()),
        ("element.pdb", UNKNOWN_ELEMENT.encode()),
        ("empty.cif", b"data_x\n"),
        ("words.cif", b"no blocks here"),
        ("empty.mrc", b""),
        ("short.mrc", bytes(300)),
        ("zeros.map", bytes(3000)),
        ("junk.mrc", np.random.default_rng(0).bytes(3000)),
        ("broken.mrc.gz", b"\x1f\x8b\x08" + bytes(50)),
        ("flipped.mrc.gz", gzip.compress(bytes(5000))[:14] + b"zzzzzz"),
        ("picture.png", b"\x89PNG"),
        ("no_suffix", b"ATOM"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFileError, match=name) as caught:
        read_structure(tmp_path / name)
    assert caught.value.remedy


def test_a_map_with_a_voxel_that_is_not_finite_is_refused(tmp_path):
    path = write_map(tmp_path / "map.mrc", brick())
    signalling_nan = b"\x01\x00\x80\x7f"
    path.write_bytes(path.read_bytes()[:-4] + signalling_nan)
    with pytest.raises(InputFileError, match="not finite everywhere"):
        read_structure(path)


def test_maps_without_density_are_refused(tmp_path):
    flat = write_map(tmp_path / "flat.mrc", np.zeros((8, 8, 8), np.float32))
    picture = write_map(tmp_path / "picture.mrc", np.ones((8, 8), np.float32))
    unscaled = write_map(tmp_path / "unscaled.mrc", brick(), 0.0)
    transform = write_map(tmp_path / "transform.mrc", np.ones((8, 8, 8), np.complex64))
    for path in (flat, picture, unscaled, transform, tmp_path / "absent.mrc"):
        with pytest.raises(InputFileError, match=path.name):
            read_structure(path)


@pytest.mark.parametrize(
    ("fields", "word"), [({"nsymbt": 2**31 - 1}, "bytes of header"), ({"nz": 1000}, "voxels")]
)
def test_a_header_takes_no_memory_for_what_it_claims(tmp_path, fields, word):
    content = bytearray(write_map(tmp_path / "a.mrc", brick()).read_bytes())
    header = np.frombuffer(content, HEADER_DTYPE, 1)
    for field, value in ({"nx": 1000, "ny": 1000} | fields).items():
        header[field] = value
    packed = tmp_path / "lying.map.gz"
    packed.write_bytes(gzip.compress(content))
    with pytest.raises(InputFileError, match=word):
        read_structure(packed)


def test_atoms_that_are_decompressed_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(structures, "_MOST_TEXT_BYTES", 1 << 20)
    path = tmp_path / "bomb.pdb.gz"
    path.write_bytes(gzip.compress(bytes(3 << 20)))
    with pytest.raises(InputFileError, match="more than 1 MiB of atoms"):
        read_structure(path)


def test_real_structures(shared_data):
    """RuBisCO 1bxn is 130 Å across; FAS 2uv8 is 270 Å and weighs 2.6 MDa."""
    rubisco = read_structure(shared_data / "structures" / "1bxn.pdb.gz")
    assert rubisco.diameter_angstrom == pytest.approx(130, abs=10)
    assert len(rubisco.points) == pytest.approx(18_000, rel=0.05)
    synthase = read_structure(shared_data / "structures" / "map5A_2uv8.mrc.gz")
    assert synthase.diameter_angstrom == pytest.approx(270, abs=20)
    volume = synthase.weights.sum() / PROTEIN_CONTRAST_VOLT
    assert volume == pytest.approx(2.6e6 * 1.21, rel=1)


@pytest.mark.parametrize("shape", ALL_SHAPES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_shapes_have_the_diameter_asked_for(shape, seed):
    structure = make_shape(shape, 150.0, np.random.default_rng(seed))
    assert structure.name == shape
    assert structure.diameter_angstrom == pytest.approx(150)
    assert 1000 < len(structure.points) <= (40_000 if shape == "hemocyanin" else 6000)
    assert np.isfinite(structure.points).all()
    assert_allclose(np.average(structure.points, axis=0, weights=structure.weights), 0, atol=1e-9)
    volume = structure.weights.sum() / PROTEIN_CONTRAST_VOLT
    assert 0.01 < volume / (np.pi / 6 * 150**3) < 1.3


def test_shapes_are_as_random_as_their_seed():
    first, same, other = (
        make_shape("blob", 150.0, np.random.default_rng(seed)).points for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first[:100], other[:100])


def test_unknown_shapes():
    with pytest.raises(ValueError, match="unknown shape 'egg'; choose one of blob, shell"):
        make_shape("egg", 150.0, np.random.default_rng(0))


def test_scaling_keeps_the_density():
    small = make_shape("cube", 100.0, np.random.default_rng(0))
    large = small.scaled_to(200.0)
    assert large.diameter_angstrom == pytest.approx(200)
    assert large.weights.sum() == pytest.approx(8 * small.weights.sum())


def test_structures_are_centred_on_their_weight():
    points, weights = np.array([[0.0, 0, 0], [0, 0, 8]]), np.array([3.0, 1.0])
    assert_allclose(Structure(points, weights, "pair").points, [[0, 0, -2], [0, 0, 6]])


@pytest.mark.parametrize(
    ("points", "weights"),
    [
        (np.zeros((0, 3)), np.zeros(0)),
        (np.zeros((4, 2)), np.ones(4)),
        (np.zeros((4, 3)), np.ones(3)),
        (np.zeros((4, 3)), np.zeros(4)),
    ],
)
def test_impossible_structures(points, weights):
    with pytest.raises(ValueError, match="must be"):
        Structure(points, weights, "none")


def test_the_shapes_that_training_draws_from_stay():
    assert SHAPES == (
        "blob", "shell", "barrel", "ring", "rod", "dumbbell", "cube", "micelle", "arms", "tubule",
        "disc",
    )  # fmt: skip
    assert ALL_SHAPES[: len(SHAPES)] == SHAPES


def test_hemocyanin_is_a_hollow_cylinder_as_long_as_wide():
    for seed in range(4):
        z, y, x = make_shape("hemocyanin", 500.0, np.random.default_rng(seed)).points.T
        radius = np.hypot(y, x)
        length, width = np.ptp(z), 2 * radius.max()
        assert 340 < width < 380
        assert 0.95 < length / width < 1.2
        assert (radius < 0.2 * width / 2).sum() == 0
        near_end = np.abs(z) > 0.3 * length
        bore = radius < 0.5 * width / 2
        assert bore[near_end].mean() > 3 * bore[~near_end].mean()


ATOM = "ATOM      1  CA  ALA A   1    %24s  1.00  0.00           C\n"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.pdb", ATOM % "   1.000   2.000   3.000", "all of it is at one place"),
        ("a.pdb", 2 * ATOM % (("   1.000   2.000   3.000",) * 2), "all of it is at one place"),
        ("a.pdb", ATOM % "     nan   2.000   3.000", "no plausible numbers"),
        ("a.pdb", ATOM % "   1e300   2.000   3.000", "no plausible numbers"),
        ("a.cif", "", "not a readable structure"),
        ("a.cif", "data_x\n", "holds no atoms"),
    ],
)
def test_files_without_an_extended_structure_are_refused(tmp_path, name, text, reason):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputFileError, match=reason):
        read_structure(tmp_path / name)
