"""RELION's part of an external job, played for 3.1, 4 and 5 as their source code has it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import starfile
from click.testing import CliRunner

from napari_drpnet.base.geometry import Frame
from napari_drpnet.batch import task
from napari_drpnet.cli import abort, main
from napari_drpnet.cli.relion_command import split_arguments
from napari_drpnet.formats import read_coordinates
from napari_drpnet.formats.masks.masks import write_warp_mask
from napari_drpnet.picking.pick import pick_in_detail

JOB = "External/job005/"
MICS = "CtfFind/job003/micrographs_ctf.star"
STAR_VERSION = {"3.1": "30001", "4": "30001", "5": "50001"}
NODE_COLUMN = {
    "3.1": "rlnPipeLineNodeType",
    "4": "rlnPipeLineNodeTypeLabel",
    "5": "rlnPipeLineNodeTypeLabel",
}
#: Types of coordinates and log; what the Display button looks for is within the labels.
NODES = {
    "3.1": {"coords_suffix_autopick.star": 2, "logfile.pdf": 13},
    "4": {
        "autopick.star": "MicrographsCoords.star.relion.autopick",
        "logfile.pdf": "LogFile.pdf.relion.autopick",
    },
    "5": {
        "autopick.star": "MicrographCoordsGroup.star.relion.autopick",
        "logfile.pdf": "LogFile.pdf.relion.autopick",
    },
}
#: EPU's tree; two squares have a micrograph of the same name.
NAMES = [
    f"MotionCorr/job002/Movies/GridSquare_{square}/Data/{name}.mrc"
    for square, name in [(1, "FoilHole_7"), (1, "FoilHole_8"), (2, "FoilHole_7")]
]


class Relion:
    """Does what a version of RELION does around an external job, in the working folder."""

    def __init__(self, version):
        self.version, self.heading = version, f"\n# version {STAR_VERSION[version]}\n"
        Path(JOB).mkdir(parents=True)
        self.list_micrographs(NAMES)
        kind = "_rlnJobType 99" if version == "3.1" else "_rlnJobTypeLabel relion.external"
        text = f"{self.heading}\ndata_job\n\n{kind}\n_rlnJobIsContinue 0\n"
        Path(JOB, "job.star").write_text(text)

    def list_micrographs(self, names):
        Path(MICS).parent.mkdir(parents=True, exist_ok=True)
        optics = (
            "data_optics\n\nloop_ \n_rlnOpticsGroupName #1 \n_rlnOpticsGroup #2 \n"
            "_rlnMicrographPixelSize #3 \n_rlnVoltage #4 \nopticsGroup1 1 2.0 300.0 \n \n"
        )
        rows = "".join(f"{name} 1 12345.6 \n" for name in names)
        columns = "_rlnMicrographName #1 \n_rlnOpticsGroup #2 \n_rlnDefocusU #3 \n"
        micrographs = f"data_micrographs\n\nloop_ \n{columns}{rows} \n"
        Path(MICS).write_text(f"{self.heading}\n{optics}{self.heading}\n{micrographs}")

    def command(self, parameters, mics=MICS):
        """Put the words together as getCommandsExternalJob does."""
        words = f"--o {JOB} --in_mics {mics}"
        for label, value in parameters.items():
            words += f" --{label} {value}"
        return f"{words} --j 1 "

    def run(self, **parameters):
        """Run the command, with output as RELION redirects it; return the exit code."""
        words = self.command({"diameter": 36} | parameters).split()
        result = CliRunner().invoke(main, ["relion", *words])
        for name, text in (("run.out", result.stdout), ("run.err", result.stderr)):
            with open(JOB + name, "a") as file:
                file.write(text)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result.exit_code

    @property
    def state(self):
        names = [path.name for path in Path(JOB).glob("RELION_JOB_*")]
        assert len(names) == 1
        return names[0].removeprefix("RELION_JOB_EXIT_")

    @property
    def out(self):
        return Path(JOB, "run.out").read_text()

    @property
    def err(self):
        return Path(JOB, "run.err").read_text()

    def output_nodes(self):
        """Read the nodes, as getOutputNodesFromStarFile does, by file name."""
        table = read(JOB + "RELION_OUTPUT_NODES.star")["output_nodes"]
        assert list(table.columns) == ["rlnPipeLineNodeName", NODE_COLUMN[self.version]]
        types = dict(zip(*(table[column] for column in table), strict=True))
        assert all(name.startswith(JOB) and Path(name).exists() for name in types)
        return {name.removeprefix(JOB): kind for name, kind in types.items()}

    def extract(self):
        """Find the particles of each micrograph as Extract does: by suffix in 3.1, else by name."""
        micrographs = list(read(MICS)["micrographs"]["rlnMicrographName"])
        if self.version == "3.1":
            assert Path(JOB, "coords_suffix_autopick.star").read_text().split() == [MICS]
            files = {name: by_suffix(name, JOB, "_autopick.star") for name in micrographs}
        else:
            table = read(JOB + "autopick.star")["coordinate_files"]
            files = dict(
                zip(table["rlnMicrographName"], table["rlnMicrographCoordinates"], strict=True)
            )
        return {
            name: particles(files[name], self.version)
            for name in micrographs
            if name in files and Path(files[name]).exists()
        }


def read(path):
    return starfile.read(path, always_dict=True)


def by_suffix(name, folder, suffix):
    """Follow decomposePipelineFileName: drop all up to the job, then the extension."""
    behind = re.sub(r"^.*?/?job\d\d\d/", "", name, count=1)
    return folder + behind.rsplit(".", 1)[0] + suffix


def particles(path, version):
    """Read centres (y, x), in the whole pixels that Extract makes of them."""
    (table,) = read(path).values()
    assert ("rlnParticleSelectionType" in table) == (version != "3.1")
    assert version == "3.1" or set(table["rlnParticleSelectionType"]) == {1}
    assert np.isfinite(table["rlnAutopickFigureOfMerit"]).all()
    return table[["rlnCoordinateY", "rlnCoordinateX"]].to_numpy().astype(int)


def assert_found(found, true):
    assert len(found) == len(true)
    distances = np.hypot(*(found[:, None] - true[None]).transpose(2, 0, 1))
    assert distances.min(axis=0).max() < 3


@pytest.fixture
def truth(tmp_path, monkeypatch, use_toy_weights, write_discs):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(abort, "GRACE_SECONDS", 600)  # or it would end this process
    return {name: write_discs(name, seed, pixel_size=0.0) for seed, name in enumerate(NAMES)}


@pytest.fixture
def relion(truth):
    return Relion("5")


@pytest.fixture
def before(monkeypatch):
    """A function that has something done before the n-th micrograph is picked, from 1."""

    def put(number, action):
        calls = []

        def act_and_pick(*args, **settings):
            calls.append(None)
            if len(calls) == number:
                action()
            return pick_in_detail(*args, **settings)

        monkeypatch.setattr(task, "pick_in_detail", act_and_pick)

    return put


@pytest.mark.parametrize("version", ["3.1", "4", "5"])
def test_an_external_job_from_the_list_to_the_particles(truth, version):
    relion = Relion(version)
    assert relion.run() == 0
    assert relion.state == "SUCCESS"
    assert relion.output_nodes() == NODES[version]
    found = relion.extract()
    assert list(found) == NAMES
    for name, true in truth.items():
        assert_found(found[name], true)
    assert Path(JOB, "Movies/GridSquare_2/Data/FoilHole_7_autopick.star").exists()
    assert Path(JOB, "logfile.pdf").read_bytes().startswith(b"%PDF")
    assert "_rlnJobOptionValue" in Path(".gui_manualpickjob.star").read_text()
    assert f"For RELION {version}, as {JOB}job.star says" in relion.out
    assert "[3/3]" in relion.out
    assert f"micrographs {MICS}, coordinates {JOB}{next(iter(NODES[version]))}, box" in relion.out
    assert relion.err.startswith("3 micrographs, first MotionCorr")  # advice: 36 Å is small
    assert len(relion.err.splitlines()) == 1


@pytest.mark.parametrize("version", ["3.1", "5"])
def test_names_with_an_apostrophe_or_a_hash(truth, version, write_discs):
    relion = Relion(version)
    true = {
        name: write_discs(name, seed, pixel_size=0.0)
        for seed, name in enumerate([f"M/job002/{place}/a.mrc" for place in ("O'Brien", "run#2")])
    }
    relion.list_micrographs(true)
    assert relion.run() == 0
    coordinates = JOB + next(iter(NODES[version]))
    found = read_coordinates(coordinates)
    for name, centers in true.items():
        rows = [row == name for row in found.micrograph_names]
        assert_found(found.centers_yx[rows], centers)
        assert Path(by_suffix(name, JOB, "_autopick.star")).exists()


def test_an_abort_keeps_what_is_finished_and_continue_goes_on(relion, before):
    before(2, Path(JOB, "RELION_JOB_ABORT_NOW").touch)
    assert relion.run() == 2
    assert relion.state == "ABORTED"
    assert list(relion.extract()) == NAMES[:1]
    assert "Interrupted: continue the job to pick the rest" in relion.err
    first = Path(by_suffix(NAMES[0], JOB, "_autopick.star"))
    stamp = first.stat().st_mtime_ns
    before(99, None)
    assert relion.run() == 0
    assert relion.state == "SUCCESS"
    assert list(relion.extract()) == NAMES
    assert first.stat().st_mtime_ns == stamp
    assert "1 more were finished before" in relion.out


def test_an_abort_before_the_start_is_heard(relion):
    Path(JOB, "RELION_JOB_ABORT_NOW").touch()
    assert relion.run() == 2
    assert relion.state == "ABORTED"
    assert not Path(JOB, "RELION_OUTPUT_NODES.star").exists()


def test_a_program_that_is_ended_counts_as_aborted(relion, before):
    def stop():
        raise KeyboardInterrupt

    before(2, stop)
    assert relion.run() == 2
    assert relion.state == "ABORTED"
    assert list(relion.extract()) == NAMES[:1]


def test_micrographs_that_cannot_be_read_are_passed_over_with_their_reasons(relion):
    Path(NAMES[1]).write_text("bad")
    assert relion.run() == 0
    assert relion.state == "SUCCESS"
    assert list(relion.extract()) == [NAMES[0], NAMES[2]]
    assert "1 micrograph FAILED:\n" in relion.err
    assert f"\n  {NAMES[1]}: 3 bytes are too short for an MRC header" in relion.err


def test_a_job_that_can_pick_nothing_has_failed(relion):
    for name in NAMES:
        Path(name).unlink()
    assert relion.run() == 1
    assert relion.state == "FAILURE"
    assert "3 micrographs FAILED" in relion.err
    assert not Path(JOB, "RELION_OUTPUT_NODES.star").exists()


def test_after_an_error_in_the_middle_continue_goes_on(relion, monkeypatch):
    def fill_disk(*args, **settings):
        raise OSError(28, "No space left on device", f"{JOB}autopick.star")

    with monkeypatch.context() as patch:
        patch.setattr("napari_drpnet.batch.folder.outputs.write_index", fill_disk)
        assert relion.run() == 1
    assert relion.state == "FAILURE"
    assert "autopick.star: No space left on device" in relion.err
    assert relion.run() == 0
    assert relion.state == "SUCCESS"
    assert "3 more were finished before" in relion.out
    assert list(relion.extract()) == NAMES


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"treshold": 2}, "Did you mean"),
        ({"--diameter": 36}, "No such option"),
        ({"threshold": ""}, "--threshold has no value: fill it in, or clear the label"),
        ({"threshold": "high"}, "'high' is not a valid float"),
        ({"min_distance": -1}, "--min-distance: Input should be greater than or equal to 0"),
        ({"device": "toaster"}, "device 'toaster' cannot be used"),
        ({"weights": "gone.safetensors"}, "gone.safetensors"),
        ({"in_mics": "gone.star"}, "gone.star: "),
        ({"relion-version": "2"}, "'2' is not one of '3.1', '4', '5'"),
    ],
)
def test_a_wrong_parameter_is_a_failure_that_says_why(relion, parameters, message):
    Path(JOB, "RELION_JOB_EXIT_SUCCESS").touch()  # of an earlier run
    assert relion.run(**parameters) == 1
    assert relion.state == "FAILURE"
    assert message in relion.err
    assert not list(Path(JOB).rglob("*_autopick.star"))


def test_a_forgotten_diameter_is_a_failure_that_tells_where_it_goes(relion):
    words = relion.command({}).split()
    result = CliRunner().invoke(main, ["relion", *words])
    assert result.exit_code == 1
    assert "Missing option '--diameter'" in result.stderr
    assert "label (without dashes) and value on the tab Params" in result.stderr
    assert relion.state == "FAILURE"


def test_a_folder_that_relion_has_not_made_stays_absent(truth):
    result = CliRunner().invoke(main, ["relion", "--o", JOB, "--in_mics", MICS])
    assert "Missing option '--diameter'" in result.stderr
    assert not Path("External").exists()


def test_without_a_folder_there_is_only_the_message(truth):
    result = CliRunner().invoke(main, ["relion", "--in_mics", MICS, "--diameter", "36"])
    assert result.exit_code == 1
    assert "Missing option '--o'" in result.stderr
    assert not Path("External").exists()


def test_help_changes_nothing(relion):
    result = CliRunner().invoke(main, ["relion", "--o", JOB, "--help"])
    assert result.exit_code == 0
    assert not list(Path(JOB).glob("RELION_JOB_*"))


def test_labels_with_underscores_and_what_relion_adds(relion):
    added = {"pipeline_control": JOB, "in_parts": "Extract/job009/particles.star"}
    assert relion.run(pixel_size=2.4, max_count=3, relion_version=4, **added) == 0
    assert "Ignored: --pipeline_control External/job005/ --in_parts Extract/job009" in relion.out
    relion.version = "4"
    assert relion.output_nodes() == NODES["4"]
    assert all(len(found) == 3 for found in relion.extract().values())


def test_changed_parameters_pick_again(relion):
    relion.run()
    relion.run(max_count=2)
    assert [len(found) for found in relion.extract().values()] == [2, 2, 2]
    assert relion.state == "SUCCESS"


def test_picks_on_the_dirt_of_a_mask_are_rejected(relion, truth):
    Path("Masks").mkdir()
    top = np.zeros((160, 160), bool)
    top[:80] = True
    for name in NAMES:  # two have the same mask
        path = Path("Masks", f"{Path(name).stem}.tif")
        write_warp_mask(path, top, Frame.with_scale(top.shape, 1.0), 2.0)
    assert relion.run(mask="Masks") == 1  # Warp's order of rows is that of MRC files
    assert "--flip-mask-rows" in relion.err
    assert relion.run(mask="Masks", flip_mask_rows="yes", clearance=0) == 0
    for name, found in relion.extract().items():
        assert_found(found, truth[name][truth[name][:, 0] >= 80])
    assert relion.run(flip_mask_rows="yes") == 1
    assert "need --mask" in relion.err
    assert relion.run(mask="Gone") == 1
    assert "there is no such mask or folder" in relion.err


def test_a_segmenter_rejects_picks(relion, write_dirty, use_toy_segmenter):
    true = {}
    for seed, name in enumerate(NAMES):
        Path(name).unlink()
        true[name] = write_dirty(name, seed)
    assert relion.run(segmenter="default") == 0
    for name, found in relion.extract().items():
        kept = found[:, 1] < 120
        assert kept.all()
        assert_found(found, true[name][true[name][:, 1] < 105])


def test_two_runs_at_once_are_refused(relion, before):
    def run_again():
        words = relion.command({"diameter": 36}).split()
        inner = CliRunner().invoke(main, ["relion", *words])
        codes.append(inner.exit_code)
        assert "another run is writing into External/job005" in inner.stderr

    codes = []
    before(2, run_again)
    relion.run()
    assert codes == [1]


@pytest.mark.slow
def test_relion_starts_it_through_a_shell(relion):
    executable = f"{sys.executable} -c 'from napari_drpnet.cli import main; main()' relion "
    words = relion.command({"diameter": 36, "device": "cpu"})
    shell = f"{executable}{words} >> {JOB}run.out 2>> {JOB}run.err"
    subprocess.run(shell, shell=True, check=True)
    assert relion.state == "SUCCESS"
    assert relion.output_nodes() == NODES["5"]
    assert list(relion.extract()) == NAMES
    assert relion.err.startswith("3 micrographs, first MotionCorr")  # advice: 36 Å is small
    assert len(relion.err.splitlines()) == 1


def test_values_go_with_what_relion_adds():
    words = ["--j", "4", "--pipeline-control", "a/", "--in_mask=m.mrc", "--diameter", "9"]
    ours, relions = split_arguments([*words, "--pipeline_control"])
    assert ours == ["--j", "4", "--diameter", "9"]
    assert relions == ["--pipeline-control", "a/", "--in_mask=m.mrc", "--pipeline_control"]
