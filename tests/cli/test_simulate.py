from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.formats import read_class_map, read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.relion.lists import read_micrographs_star

SMALL = ("--height", 128, "--width", 192, "--particles", 4, "--pixel-size", 6)


def test_micrographs_have_truth_and_pixel_size(drpnet):
    shown = drpnet("simulate", "--out", "sim", "--count", 2, *SMALL).output.splitlines()
    assert sorted(path.name for path in Path("sim").iterdir()) == [
        "sim_0001.csv", "sim_0001.mrc", "sim_0002.csv", "sim_0002.mrc",
    ]  # fmt: skip
    micrograph = read_micrograph("sim/sim_0001.mrc")
    assert micrograph.pixel_size_angstrom == 6
    assert micrograph.pixels.dtype == np.float32
    assert micrograph.shape == (128, 192)
    count = len(read_coordinates("sim/sim_0001.csv"))
    assert shown[0] == f"sim/sim_0001.mrc  {count} particles of 180 Å"


def test_a_tilde_is_the_home_folder(drpnet, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    drpnet("simulate", "--out=~/sim", *SMALL)
    assert Path("home/sim/sim_0001.mrc").exists()
    drpnet("pick", "home/sim", "--out=~/picks", "--diameter", 180)
    assert Path("home/picks/summary.csv").exists()
    assert not Path("~").exists()


def test_class_maps_are_written_if_asked_for(drpnet):
    drpnet("simulate", "--out", "sim", "--classes", *SMALL)
    classes = read_class_map("sim/sim_0001_classes.png")
    assert classes.shape == (128, 192)
    assert set(np.unique(classes)) == {1, 2}
    for file in ("sim_0001.mrc", "sim_0001.csv"):
        Path("sim", file).unlink()
    shown = drpnet("simulate", "--out", "sim", "--classes", *SMALL, code=2)
    assert "sim_0001_classes.png already exists" in shown.stderr


def test_the_seed_decides(drpnet):
    for out, seed in (("a", 1), ("b", 1), ("c", 2)):
        drpnet("simulate", "--out", out, "--seed", seed, "--shape", "ring", *SMALL)
    pixels = {out: read_micrograph(f"{out}/sim_0001.mrc").pixels for out in "abc"}
    assert (pixels["a"] == pixels["b"]).all()
    assert not (pixels["a"] == pixels["c"]).all()


def test_a_structure_is_the_particle(drpnet):
    atoms = np.random.default_rng(0).normal(0, 20, (50, 3))
    lines = [
        f"ATOM  {k:5d}  CA  ALA A{k:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
        for k, (x, y, z) in enumerate(atoms, 1)
    ]
    Path("a.pdb").write_text("\n".join([*lines, "END\n"]))
    shown = drpnet("simulate", "--out", "sim", "--structure", "a.pdb", "--diameter", 99, *SMALL)
    assert "particles of 99 Å" in shown.output


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--shape", "ring", "--structure", "a.pdb"), 2, "exclude each other"),
        (("--shape", "pyramid"), 2, "'pyramid' is not one of"),
        (("--structure", "gone.pdb"), 1, "gone.pdb: no such file"),
        (("--count", 0), 2, "--count"),
        (("--defocus", 99), 2, "--defocus: Input should be less than"),
        (("--defocus-range", 2, 1), 2, "the first number is greater than the second"),
        (("--folders", 2), 2, "--folders and --optics-groups need --relion"),
        (("--relion", "--folders", 2), 2, "fewer micrographs than folders"),
    ],
)
def test_wrong_usage(drpnet, arguments, code, message):
    assert message in drpnet("simulate", "--out", "sim", *arguments, code=code).stderr
    assert not Path("sim").exists()


def test_the_defocus_is_drawn_from_a_range(drpnet):
    drpnet("simulate", "--out", "a", "--count", 2, "--defocus-range", 1, 3, *SMALL)
    drpnet("simulate", "--out", "b", "--count", 2, "--defocus-range", 1, 1, *SMALL)
    drpnet("simulate", "--out", "c", "--count", 2, "--defocus", 1, *SMALL)
    pixels = {out: read_micrograph(f"{out}/sim_0002.mrc").pixels for out in "abc"}
    assert (pixels["b"] == pixels["c"]).all()
    assert not (pixels["a"] == pixels["b"]).all()


def test_a_relion_project_is_picked_and_measured(drpnet):
    shown = drpnet(
        *("simulate", "--out", "project", "--relion", "--count", 3, "--folders", 2),
        *("--optics-groups", 2, "--defocus-range", 1, 2, "--shape", "ring", *SMALL),
    ).output
    assert "RELION project project: 3 micrographs" in shown
    assert "drpnet pick micrographs_ctf.star --diameter 180 --out DRPnet" in shown
    project = Path("project")
    entries = read_micrographs_star(project / "micrographs_ctf.star")
    assert [entry.name for entry in entries] == [
        f"Micrographs/{name}.mrc" for name in ("grid1/sim_0001", "grid1/sim_0002", "grid2/sim_0001")
    ]
    truth = read_coordinates(project / "Truth/particles.star")
    for entry in entries:
        alone = read_coordinates((project / entry.name).with_suffix(".csv"))
        rows = [name == entry.name for name in truth.micrograph_names]
        np.testing.assert_allclose(truth.centers_yx[rows], alone.centers_yx, atol=1e-4)
    table = drpnet(
        *("evaluate", "project/Micrographs", "project/Truth/particles.star"),
        *("--diameter", 180, "--pixel-size", 6),
    ).output
    assert "grid2/sim_0001" in table


def test_a_relion_project_is_not_replaced(drpnet):
    drpnet("simulate", "--out", "project", "--relion", *SMALL)
    Path("project/Micrographs/sim_0001.mrc").unlink()
    Path("project/Micrographs/sim_0001.csv").unlink()
    shown = drpnet("simulate", "--out", "project", "--relion", *SMALL, code=2)
    assert "micrographs_ctf.star already exists" in shown.stderr


def test_nothing_is_replaced_without_being_asked(drpnet):
    drpnet("simulate", "--out", "sim", *SMALL)
    assert "already exists" in drpnet("simulate", "--out", "sim", *SMALL, code=2).stderr
    drpnet("simulate", "--out", "sim", "--overwrite", *SMALL)
