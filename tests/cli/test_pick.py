import csv
import json
import os
import threading
import time
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import tifffile

from napari_drpnet.batch import task
from napari_drpnet.cli import batch_run
from napari_drpnet.formats import read_coordinates
from napari_drpnet.picking.pick import pick_in_detail
from napari_drpnet.relion.lists import read_index, read_micrographs_star
from napari_drpnet.relion.star_tables import read_tables, write_table

pytestmark = pytest.mark.usefixtures("micrographs")
OUT = ("--out", "out", "--diameter", 36)


def test_a_folder_is_picked(drpnet):
    shown = drpnet("pick", "in", *OUT).stdout.splitlines()
    assert shown[0].startswith("in/m0.mrc     16 of    16 accepted")
    assert shown[3].startswith("Picked 3 micrographs in")
    assert "on cpu" in shown[3] or "on cuda" in shown[3]
    assert "default (" in shown[3]
    assert shown[-1] == "Index for RELION 4 and 5: out/autopick.star"
    assert len(read_coordinates("out/m0_autopick.star")) == 16


def test_a_list_of_micrographs_is_picked_into_mirrored_folders(drpnet):
    columns = {"rlnMicrographName": ["in/m1.mrc"], "rlnMicrographPixelSize": ["1.8"]}
    write_table("micrographs.star", "micrographs", columns)
    shown = json.loads(drpnet("pick", "micrographs.star", *OUT, "--json").stdout)
    assert shown["micrographs"][0]["files"] == ["in/m1_autopick.star"]
    assert shown["micrographs"][0]["diameter_px"] == pytest.approx(20)


PIPELINES = {
    "3.1": "data_pipeline_processes\n\nloop_\n_rlnPipeLineProcessType #3\n",
    "4": "data_pipeline_processes\n\nloop_\n_rlnPipeLineProcessTypeLabel #3\n",
}


@pytest.mark.parametrize("version", PIPELINES)
def test_the_last_line_is_what_to_type_in_this_version_of_relion(drpnet, version):
    Path("default_pipeline.star").write_text(PIPELINES[version])
    write_table("mics.star", "micrographs", {"rlnMicrographName": ["in/m1.mrc"]})
    shown = drpnet("pick", "mics.star", *OUT).stdout.splitlines()
    coordinates = "coords_suffix_autopick.star" if version == "3.1" else "autopick.star"
    assert shown[-1] == (
        f"For Particle extraction: micrographs mics.star, coordinates out/{coordinates}, "
        "box size 28 pixels or more"
    )
    assert Path("out", coordinates).exists()
    (table,) = read_tables("out/in/m1_autopick.star").values()
    assert ("rlnParticleSelectionType" in table) == (version == "4")


def test_without_a_pipeline_both_files_are_named(drpnet):
    write_table("mics.star", "micrographs", {"rlnMicrographName": ["in/m1.mrc"]})
    shown = drpnet("pick", "mics.star", *OUT).stdout.splitlines()
    assert shown[-3:] == [
        "For Particle extraction: micrographs mics.star, box size 28 pixels or more, and as "
        "coordinates",
        "  out/autopick.star in RELION 4 and 5",
        "  out/coords_suffix_autopick.star in RELION 3.1, which would extract no particles with "
        "autopick.star",
    ]
    (table,) = read_tables("out/in/m1_autopick.star").values()
    assert "rlnParticleSelectionType" in table


def test_relion_3_needs_its_list(drpnet):
    Path("default_pipeline.star").write_text(PIPELINES["3.1"])
    shown = drpnet("pick", "in", *OUT).stdout.splitlines()
    assert shown[-1].startswith("RELION 3.1 needs its list of micrographs")


def test_json_is_all_there_is_on_stdout(drpnet):
    Path("in/bad.mrc").write_text("bad")
    result = drpnet("pick", "in", *OUT, "--json", "--threshold", 2, code=1)
    shown = json.loads(result.stdout)
    assert [picked["accepted"] for picked in shown["micrographs"]] == [16, 16, 16]
    assert [error["name"] for error in shown["errors"]] == ["in/bad.mrc"]
    assert shown["parameters"]["peaks"]["threshold"] == 2
    assert shown["parameters"]["peaks"]["sigma_px"] == 1.5  # from the weights
    assert shown["device"]["name"]
    assert len(shown["networks"]["detector"]["sha256"]) == 64
    assert shown["index"] == "out/autopick.star"
    assert not shown["interrupted"]
    assert "1 micrograph FAILED:\n  in/bad.mrc: " in result.stderr


def test_good_and_bad_files_together(drpnet):
    Path("in/bad.mrc").write_text("bad")
    result = drpnet("pick", "in", "gone.tif", *OUT, code=1)
    assert "in/bad.mrc  FAILED" in result.stdout
    assert "2 micrographs FAILED:\n  in/bad.mrc: " in result.stderr
    assert "gone.tif: there is no such file. Check the name." in result.stderr
    assert len(list(Path("out").glob("m?_autopick.star"))) == 3


def test_ten_bad_files_among_good_ones_are_named_with_their_reasons(drpnet):
    good = Path("in/m0.mrc").read_bytes()
    bad = {"empty": b"", "text": b"This is not an image.\n" * 99, "short": good[:700],
           "header": good[:1024], "half": good[: len(good) // 2], "last": good[:-1],
           "zeros": bytes(9999), "nan": good[:1024] + np.float32(np.nan).tobytes() + good[1028:],
           "blank": good[:1024] + bytes(len(good) - 1024),
           "gz": b"\x1f\x8b\x08" + good}  # fmt: skip
    for name, content in bad.items():
        Path(f"in/{name}.mrc").write_bytes(content)
    result = drpnet("pick", "in", *OUT, code=1)
    assert "10 micrographs FAILED:" in result.stderr
    assert all(f"  in/{name}.mrc: " in result.stderr for name in bad)
    with open("out/summary.csv", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert len(rows) == 13
    assert {name for name, row in rows.items() if row["status"] == "picked"} == {
        f"in/m{k}.mrc" for k in range(3)
    }
    assert "truncated" in rows["in/half.mrc"]["reason"]
    assert json.loads(Path("out/summary.json").read_text())["errors"][0]["name"] == "in/blank.mrc"


def test_tiff_is_told_to_be_upside_down_elsewhere(drpnet):
    with mrcfile.open("in/m0.mrc") as file:
        tifffile.imwrite("in/t.tif", file.data)
    result = drpnet("pick", "in/t.tif", *OUT, "--pixel-size", 2)
    assert "1 micrograph in TIFF format: RELION and EMAN2 read TIFF upside down" in result.stderr


def test_the_list_of_relion_gets_what_relion_3_reads(drpnet):
    write_table("mics.star", "micrographs", {"rlnMicrographName": ["in/m1.mrc"]})
    drpnet("pick", "mics.star", *OUT)
    assert Path("out/coords_suffix_autopick.star").read_text() == "mics.star\n"


def test_names_with_an_apostrophe_or_a_hash_go_all_the_way(drpnet, write_discs):
    names = ["O'Brien/a.mrc", "run#2/b.mrc", "two words/c.mrc"]
    for seed, name in enumerate(names):
        write_discs(name, seed)
    write_table("mics.star", "micrographs", {"rlnMicrographName": names})
    drpnet("pick", "mics.star", *OUT)
    assert read_index("out/autopick.star") == [
        (name, f"out/{name.removesuffix('.mrc')}_autopick.star") for name in names
    ]
    for index in ("out/autopick.star", "out/coords_suffix_autopick.star"):
        for target, kind in (("all.csv", "csv"), ("all.star", "cryosparc")):
            drpnet("convert", index, target, "--to", kind, "--overwrite")
            assert read_coordinates(target).micrograph_names == tuple(np.repeat(names, 16))
    drpnet("curate", "out", "--in-mics", "mics.star", "--out", "chosen.star")
    assert [entry.name for entry in read_micrographs_star("chosen.star")] == names


def test_a_watch_ends_by_the_stop_file_and_goes_on_later(drpnet):
    Path("stop").touch()
    watch = ("pick", "in", *OUT, "--workers", 1, "--watch", "--settle", 0, "--every", 0.05,
             "--stop-file", "stop")  # fmt: skip
    assert drpnet(*watch).stdout.startswith("Picked 0 micrographs")
    Path("stop").unlink()

    def stop_when_done():
        while not Path("out/.drpnet/m2.json").exists():
            time.sleep(0.01)
        Path("stop").touch()

    stopper = threading.Thread(target=stop_when_done)
    stopper.start()
    assert "in/m2.mrc     16 of    16 accepted" in drpnet(*watch).stdout
    stopper.join()
    assert len(read_tables("out/autopick.star")["coordinate_files"]) == 3


@pytest.mark.slow
def test_several_processes_pick(drpnet):
    shown = drpnet("pick", "in", *OUT, "--workers", 2).output
    assert "Picked 3 micrographs" in shown
    assert len(list(Path("out").glob("m?_autopick.star"))) == 3


def test_every_output(drpnet):
    drpnet("pick", "in/m0.mrc", *OUT, "--format", "star, csv,.box", "--box-size", 30,
           "--all-candidates", "--preview")  # fmt: skip
    names = {"autopick.star", "candidates.csv", "m0_autopick.star", "m0_autopick.csv"}
    names |= {"m0_autopick.box", "m0_preview.png", ".drpnet"}
    names |= {"summary.csv", "summary.json"}
    assert {path.name for path in Path("out").iterdir()} == names
    assert read_coordinates("out/m0_autopick.box").box_size_px == 30
    header = Path("out/candidates.csv").read_text().splitlines()[0]
    assert header == "name,x,y,height,prominence,probability,accepted,clearance"


def test_the_classifier_may_reject_all(drpnet):
    shown = drpnet("pick", "in/m0.mrc", *OUT, "--accept", 0.9, "--preview").output
    assert "0 of    16 accepted" in shown
    assert "    None of 16 candidates is accepted: the highest P(particle) is 0.73" in shown
    assert len(read_coordinates("out/m0_autopick.star")) == 0


def test_resume_and_overwrite(drpnet):
    drpnet("pick", "in", *OUT)
    refused = drpnet("pick", "in", *OUT, code=2).stderr
    assert "already exists" in refused
    assert "--resume" in refused
    resumed = drpnet("pick", "in", *OUT, "--resume").output
    assert resumed.startswith("Picked 0 micrographs")
    assert "3 more were finished before" in resumed
    assert "Picked 3 micrographs" in drpnet("pick", "in", *OUT, "--overwrite").output


def test_interrupted(drpnet, monkeypatch):
    def stop_at_m1(micrograph, *rest, **settings):
        if micrograph.name == "m1.mrc":
            raise KeyboardInterrupt
        return pick_in_detail(micrograph, *rest, **settings)

    monkeypatch.setattr(task, "pick_in_detail", stop_at_m1)
    result = drpnet("pick", "in", *OUT, code=130)
    assert "Picked 1 micrograph " in result.stdout
    assert "repeat the command with --resume to continue" in result.stderr
    monkeypatch.undo()


def test_doubts_about_polarity_are_told(drpnet):
    with mrcfile.open("in/m1.mrc", "r+") as file:
        file.set_data(-file.data)
    with mrcfile.open("in/m2.mrc", "r+") as file:
        file.set_data(np.random.default_rng(1).normal(size=(160, 160)).astype(np.float32))
    shown = drpnet("pick", "in", *OUT).stderr
    unsure = "It is uncertain whether particles are dark or bright"
    assert f"    {unsure}" in shown
    assert f"in/m2.mrc: {unsure}" in shown
    assert "Particles seem dark in" in shown
    sure = drpnet("pick", "in", *OUT, "--overwrite", "--json", "--polarity", "dark").stdout
    assert json.loads(sure)["warnings"] == []
    assert [each["topic"] for each in json.loads(sure)["advice"]] == ["diameter"]


def test_advice_about_one_micrograph_is_told_once(drpnet):
    result = drpnet("pick", "in/m0.mrc", *OUT)
    assert result.stderr.splitlines() == [
        "    A particle diameter of 36 Å is smaller than what can be seen in ice. "
        "If you meant 36 nm, give 360 Å."
    ]
    resumed = drpnet("pick", "in/m0.mrc", *OUT, "--resume")
    assert resumed.stderr.startswith("in/m0.mrc: A particle diameter of 36 Å")
    assert "in/m0.mrc: A particle" in drpnet("pick", "in", *OUT, "--overwrite", "--json").stderr


def test_advice_about_many_micrographs_is_counted(drpnet, write_discs):
    for number in range(3, 6):
        write_discs(f"in/m{number}.mrc", number)
    shown = drpnet("pick", "in", *OUT, "--workers", 1).stderr.splitlines()
    text = "A particle diameter of 36 Å is smaller"
    assert [line.startswith(f"    {text}") for line in shown] == [True, True, True, False]
    assert shown[-1].startswith(f"6 micrographs, first in/m0.mrc: {text}")
    stored = json.loads(Path("out/summary.json").read_text())
    assert all(each["advice"][0]["text"].startswith(text) for each in stored["micrographs"])


def test_expected_scores_are_told(drpnet):
    of_one = drpnet("pick", "in/m0.mrc", *OUT).stdout
    assert "Expected precision 0.73, recall 1.00, F1 0.84: P(particle) ≥ 0.5, fixed\n" in of_one
    of_all = drpnet("pick", "in", *OUT, "--overwrite").stdout
    assert "Expected F1 0.84 in the median micrograph: P(particle) ≥ 0.5, fixed\n" in of_all
    without = drpnet("pick", "in", *OUT, "--overwrite", "--classifier", "none").stdout
    assert "Expected" not in without


def test_automatic_accept(drpnet, use_automatic_weights):
    use_automatic_weights(least_f1=0.5)
    assert "F1 0.84: P(particle) ≥ 0.42, automatic" in drpnet("pick", "in/m0.mrc", *OUT).stdout
    shown = json.loads(drpnet("pick", "in", *OUT, "--overwrite", "--json").stdout)
    assert shown["parameters"]["classifier"]["accept"] is None
    for picked in shown["micrographs"]:
        assert picked["automatic"]
        assert picked["accept"] == pytest.approx(picked["expected_f1"] / 2)
        assert picked["expected_recall"] == picked["valid_share"] == 1
    assert "P(particle) ≥ 0.5, fixed" in drpnet(
        "pick", "in/m0.mrc", *OUT, "--overwrite", "--accept", 0.5
    ).stdout  # fmt: skip


def test_the_automatic_rule_may_accept_nothing(drpnet, use_automatic_weights):
    use_automatic_weights(least_f1=0.9)
    one = drpnet("pick", "in/m0.mrc", *OUT, "--preview", "--report")
    assert "0 of    16 accepted" in one.stdout
    assert "F1 0.00: nothing accepted, automatic" in one.stdout
    assert "    None of 16 candidates is accepted: the best cut promises" in one.stderr
    less = drpnet("pick", "in/m0.mrc", *OUT, "--overwrite", "--least-f1", 0.8).stdout
    assert "16 of    16 accepted" in less


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("in", "--out", "out"), "Missing option '--diameter'"),
        (("in", "--diameter", 36), "Missing option '--out'"),
        (OUT, "Missing argument"),
        (("in", *OUT, "--format", "star,xyz"), "'star,xyz' is not one or several of"),
        (("in", *OUT, "--format", ""), "'' is not one or several of"),
        (("in", *OUT, "--resume", "--overwrite"), "exclude each other"),
        (("in", *OUT, "--device", "toaster"), "device 'toaster' cannot be used"),
        (("in", *OUT, "--sigma", -1), "--sigma: Input should be greater than"),
        (("in", *OUT, "--threshold", "nan"), "--threshold: "),
        (("in", *OUT, "--box-size", 1), "--box-size"),
        (("in", "--diameter", 36, "--out", ""), "the name is empty"),
        (("in", *OUT, "--workers", "many"), "'many' is neither auto nor a number"),
        (("in", *OUT, "--workers", 0), "'0' is neither auto nor a number"),
        (("in", *OUT, "--watch", "--overwrite"), "--watch and --overwrite exclude each other"),
        (("in", *OUT, "--stop-file", "stop"), "--stop-file needs --watch"),
    ],
)
def test_wrong_usage_does_nothing(drpnet, arguments, message):
    assert message in drpnet("pick", *arguments, code=2).stderr
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("scheduler", "others", "reason"),
    [
        ("slurm", (), "needs --workers, the number of jobs"),
        ("tcp://head:8786", ("--workers", 2), "the scheduler at tcp://head:8786 has its own"),
    ],
)
def test_only_jobs_of_a_cluster_can_be_counted(drpnet, scheduler, others, reason):
    assert reason in drpnet("pick", "in", *OUT, "--scheduler", scheduler, *others, code=2).stderr
    assert not Path("out").exists()


@pytest.fixture
def dirty(micrographs, write_dirty, use_toy_segmenter):
    """Two micrographs with film, on which 4 of 16 particles lie."""
    for path in Path("in").iterdir():
        path.unlink()
    for seed in range(2):
        write_dirty(f"in/m{seed}.mrc", seed)


def test_picks_on_dirt_are_counted_and_told(drpnet, dirty):
    shown = drpnet("pick", "in", *OUT, "--segmenter", "default").stdout.splitlines()
    assert shown[0].startswith("in/m0.mrc     12 of    16 accepted,    4 on dirt")
    assert shown[2].count("default (") == 3
    picked = json.loads(Path("out/summary.json").read_text())["micrographs"][0]
    assert picked["dirty_area"] == pytest.approx(0.17, abs=0.01)
    assert (picked["on_dirt"], picked["doubtful"]) == (4, 0)
    assert picked["expected_recall"] == 1  # those on dirt are no particles


def test_masks_beside_the_picks(drpnet, dirty):
    drpnet("pick", "in", *OUT, "--segmenter", "default", "--masks", "mrc,png", "--full-size")
    ends = ("_autopick.star", "_mask.mrc", "_classes.png", ".mrc")
    assert sorted(path.name for path in Path("out").glob("m0*")) == sorted(f"m0{e}" for e in ends)
    shown = drpnet("pick", "in", "--out", "other", *OUT[2:], "--masks", "mrc", code=2)
    assert "masks are files of a segmentation: name a segmenter" in shown.stderr
    assert not Path("other").exists()


def test_a_segmenter_as_the_detector(drpnet, dirty):
    pick = ("pick", "in", *OUT, "--weights", "segmenter-default", "--classifier", "none",
            "--polarity", "dark")  # fmt: skip
    shown = drpnet(*pick, "--report").stdout
    assert "with segmenter-default (" in shown
    assert "on dirt" in shown
    assert (read_coordinates("out/m0_autopick.star").centers_yx[:, 1] < 120).all()
    assert "2 more were finished before" in drpnet(*pick, "--resume").stdout


def test_masks_of_any_program(drpnet, dirty):
    drpnet("segment", "in", "--out", "masks", *OUT[2:], "--full-size")
    pick = ("pick", "in", *OUT, "--mask", "masks", "--clearance", 0.6)
    first = drpnet(*pick).stdout.splitlines()[0]
    assert first.startswith("in/m0.mrc     12 of    16 accepted,    4 on dirt")
    assert "2 more were finished before" in drpnet(*pick, "--resume").stdout
    with mrcfile.mmap("masks/m0_mask.mrc", "r+") as file:
        file.data[:] = 0
    os.utime("masks/m0_mask.mrc", (1, 1))
    shown = drpnet(*pick, "--resume").stdout
    assert shown.startswith("in/m0.mrc     16 of    16 accepted,    0 on dirt")
    assert "1 more were finished before" in shown
    assert "Picked 2 micrographs" in drpnet("pick", "in", *OUT, "--resume").stdout


def test_a_mask_that_is_missing_or_malformed_fails_one_micrograph(drpnet):
    Path("masks").mkdir()
    for name, columns in (("m0", 80), ("m1", 50)):
        with mrcfile.new(f"masks/{name}_mask.mrc") as file:
            file.set_data(np.zeros((80, columns), np.int8))
    result = drpnet("pick", "in", *OUT, "--mask", "masks", code=1)
    assert "in/m0.mrc     16 of    16 accepted,    0 on dirt" in result.stdout
    assert "masks/m1_mask.mrc: has another aspect ratio than its micrograph" in result.stderr
    assert "masks: has no mask of the micrograph in/m2.mrc" in result.stderr
    one = drpnet("pick", "in/m1.mrc", "--out", "one", *OUT[2:], "--mask", "masks/m0_mask.mrc")
    assert "0 on dirt" in one.stdout
    other = ("pick", "in", "--out", "other", *OUT[2:])
    assert "there is no such mask" in drpnet(*other, "--mask", "gone", code=1).stderr
    assert "need --mask" in drpnet(*other, "--flip-mask-rows", code=2).stderr
    assert not Path("other").exists()


def test_pictures_beside_micrographs_are_named(tmp_path, capsys):
    folder = tmp_path / "epu"
    folder.mkdir()
    for name in ("a.mrc", "a.jpg", "b.mrc"):
        (folder / name).touch()
    entries = batch_run.list_sources([str(folder)], Path("out"))
    assert [entry.micrograph.path.name for entry in entries] == ["a.mrc", "b.mrc"]
    named = f"1 picture left out, beside micrographs of the same name: {folder / 'a.jpg'}\n"
    assert capsys.readouterr().err == named
