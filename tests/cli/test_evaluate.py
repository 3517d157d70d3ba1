import json
from pathlib import Path

import pytest
from PIL import Image

from napari_drpnet.formats import read_coordinates, write_coordinates


@pytest.fixture
def files(drpnet):
    """Truth at (10, 10) and (10, 90); one good and one wrong pick, and nothing for b."""
    for folder in ("picks", "truth"):
        Path(folder).mkdir()
    Path("truth/a.csv").write_text("x,y\n10,10\n90,10\n")
    Path("truth/b.csv").write_text("x,y\n50,50\n")
    Path("picks/a_autopick.csv").write_text("x,y,score\n11,10,0.9\n50,50,0.2\n")


EVALUATE = ("evaluate", "picks", "truth", "--diameter", 20)


@pytest.mark.usefixtures("files")
def test_the_table_counts_right_wrong_and_missed(drpnet):
    rows = {
        line.split()[0]: line.split()[1:4] for line in drpnet(*EVALUATE).stdout.splitlines()[5:8]
    }
    assert rows == {"a": ["1", "1", "1"], "b": ["0", "0", "1"], "micro": ["(pooled)", "1", "1"]}


@pytest.mark.usefixtures("files")
def test_json_instead_of_the_table_or_in_a_file(drpnet):
    printed = json.loads(drpnet(*EVALUATE, "--json", "-").stdout)
    assert json.loads(drpnet(*EVALUATE, "--json").stdout) == printed
    assert printed["radii"][0]["micro"]["true_positives"] == 1
    assert drpnet(*EVALUATE, "--json", "out.json").stdout.startswith("Matching:")
    assert json.loads(Path("out.json").read_text()) == printed


@pytest.mark.usefixtures("files")
def test_threshold_radius_and_diameter_in_angstrom(drpnet):
    def micro(*arguments):
        return json.loads(drpnet(*arguments, "--json").stdout)["radii"][0]["micro"]

    assert micro(*EVALUATE, "--threshold", 0.5)["false_positives"] == 0
    assert micro(*EVALUATE, "--radius", 0.01)["true_positives"] == 0
    angstrom = ("evaluate", "picks", "truth", "--diameter", 40, "--pixel-size", 2)
    assert micro(*angstrom) == micro(*EVALUATE)


@pytest.mark.usefixtures("files")
def test_truth_at_the_edge_of_the_frame_counts_neither_way(drpnet):
    def micro(*extra):
        return json.loads(drpnet(*EVALUATE, "--json", *extra).stdout)["radii"][0]["micro"]

    assert micro()["false_negatives"] == 2
    assert micro("--frame", 95, 100)["false_negatives"] == 1  # (90, 10) is 5 px from the right
    assert micro("--frame", 120, 95)["false_negatives"] == 2
    assert micro("--frame", 95, 100, "--border", 0.1)["false_negatives"] == 2


@pytest.mark.usefixtures("files")
def test_a_plot_is_written(drpnet):
    drpnet(*EVALUATE, "--plot", "curve.png")
    with Image.open("curve.png") as picture:
        assert picture.width > 100
    assert "--plot" in drpnet(*EVALUATE, "--plot", "curve.xyz", code=2).stderr


@pytest.mark.parametrize("rows", ["160", "m.mrc"])
def test_truth_that_counts_rows_from_the_bottom(drpnet, write_discs, rows):
    write_discs("m.mrc")
    Path("picks.csv").write_text("x,y\n10,10\n")
    Path("truth.csv").write_text("x,y\n10,149\n")
    result = drpnet(
        "evaluate", "picks.csv", "truth.csv", "--diameter", 9, "--flip-truth-rows", rows, "--json"
    )
    assert json.loads(result.stdout)["radii"][0]["micro"]["f1"] == 1


@pytest.mark.usefixtures("files")
def test_picks_without_truth_are_refused_unless_ignored(drpnet):
    Path("picks/c.csv").write_text("x,y\n1,1\n")
    assert "no truth for c" in drpnet(*EVALUATE, code=1).stderr
    drpnet(*EVALUATE, "--ignore-unlabelled")


def test_picks_of_a_batch_against_simulated_truth(drpnet):
    drpnet("simulate", "--out", "sim", "--height", 256, "--width", 256, "--particles", 9,
           "--pixel-size", 6, "--defocus", 3)  # fmt: skip
    drpnet("pick", "sim", "--out", "out", "--diameter", 180, "--all-candidates", "--format", "csv")
    arguments = ("truth", "--diameter", 180, "--pixel-size", 6, "--json")
    Path("truth").mkdir()
    write_coordinates("truth/sim_0001.csv", read_coordinates("sim/sim_0001.csv"))
    folder = json.loads(drpnet("evaluate", "out", *arguments).stdout)
    assert folder["radii"][0]["micrographs"][0]["name"] == "sim_0001"
    pooled = json.loads(drpnet("evaluate", "out/candidates.csv", *arguments).stdout)
    assert pooled["radii"][0]["micro"]["recall"] >= folder["radii"][0]["micro"]["recall"]


@pytest.mark.usefixtures("files")
def test_coordinates_of_binned_micrographs_are_scaled(drpnet):
    def micro(*arguments):
        return json.loads(drpnet(*arguments, "--json").stdout)["radii"][0]["micro"]

    for folder in ("picks", "truth"):
        Path(f"{folder}-binned").mkdir()
        for file in Path(folder).iterdir():
            rows = read_coordinates(file)
            write_coordinates(f"{folder}-binned/{file.name}", rows.scaled(0.25))
    rest = ("--diameter", 20)
    expected = micro("evaluate", "picks", "truth", *rest)
    assert micro("evaluate", "picks-binned", "truth", *rest, "--scale", 9) != expected
    assert micro("evaluate", "picks-binned", "truth", *rest, "--scale", 4) == expected
    assert micro("evaluate", "picks", "truth-binned", *rest, "--truth-scale", 4) == expected
