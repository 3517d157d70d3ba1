import errno
import re
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from napari_drpnet.base.jobs import Cancelled
from napari_drpnet.formats import Coordinates, read_coordinates
from napari_drpnet.project.files.export import export_picks, preview_lines
from napari_drpnet.project.files.export_options import ExportOptions
from napari_drpnet.project.files.exported_micrograph import ExportedMicrograph
from napari_drpnet.project.files.programs import PROGRAMS
from napari_drpnet.relion.lists import read_index

OUT = Path("out")
ALL = ExportOptions(formats=(".csv", ".box"))
CRYOSPARC = ExportOptions(program="cryoSPARC")


def picks(*centers_yx):
    centers = np.array(centers_yx, float).reshape(-1, 2)
    return Coordinates(centers, np.linspace(1, 0.5, len(centers)))


def exported(name="MotionCorr/job002/Movies/a.mrc", output="Movies/a", *, at=((10, 20), (30, 40))):
    return ExportedMicrograph(name, PurePosixPath(output), picks(*at), (100, 200), 15.0)


def one_line(path):
    (line,) = Path(path).read_text().splitlines()
    return line


class CancelAfter:
    def __init__(self, last):
        self.last = last
        self.told = []

    def advance(self, done, total, stage):
        self.told.append((done, total, stage))
        if done == self.last:
            raise Cancelled


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("output", ["../b", "sub/../../b", "/tmp/b", "away/b"])
def test_nothing_is_written_outside_the_folder(tmp_path, output):
    (tmp_path / "other").mkdir()
    OUT.mkdir()
    (OUT / "away").symlink_to(tmp_path / "other")
    report = export_picks(OUT, [exported(), exported("b.mrc", output)], ALL)
    assert report.failed == ("b.mrc: its files would be outside out",)
    assert report.micrographs == 1
    assert not list(tmp_path.glob("b*")) + list((tmp_path / "other").iterdir())


def test_the_files_lie_where_drpnet_pick_puts_them():
    report = export_picks(OUT, [exported(), exported("b.mrc", "b", at=[])], ALL)
    endings = ("_autopick.star", "_autopick.csv", "_autopick.box")
    assert report.files == tuple(OUT / f"{o}{end}" for o in ("Movies/a", "b") for end in endings)
    assert {file for file in OUT.rglob("*") if file.is_file()} == {*report.files, report.index}
    assert (report.micrographs, report.particles) == (2, 2)
    assert report.notes == report.failed == ()


def test_a_micrograph_without_picks_gets_files_without_rows_and_is_indexed():
    report = export_picks(OUT, [exported(at=[])], ALL)
    assert [len(read_coordinates(file)) for file in report.files] == [0, 0, 0]
    assert len(read_index(report.index)) == 1


@pytest.mark.parametrize("relion", ["4", "5"])
def test_the_index_names_files_from_the_working_folder(relion):
    options = ExportOptions(formats=(".csv", ".box", ".star"), program=f"RELION {relion}")
    report = export_picks(OUT, [exported()], options)
    assert report.index == OUT / "autopick.star"
    row = ("MotionCorr/job002/Movies/a.mrc", "out/Movies/a_autopick.star")
    assert read_index(report.index) == [row]


def test_an_index_is_extended_by_names_with_an_apostrophe_or_a_hash():
    names = ["O'Brien/a.mrc", "run#2/b.mrc", "two words/c.mrc"]
    for name in names:
        export_picks(OUT, [exported(name, name.removesuffix(".mrc"))], ALL, extend=True)
    rows = [(name, f"out/{name.removesuffix('.mrc')}_autopick.star") for name in names]
    assert sorted(read_index(OUT / "autopick.star")) == rows
    assert all(len(read_coordinates(file)) == 2 for _, file in rows)


@pytest.fixture
def relion_project(tmp_path, monkeypatch):
    """A RELION project that is not the working folder."""
    project = tmp_path / "project"
    (project / "MotionCorr/job002/Movies").mkdir(parents=True)
    (project / "MotionCorr/job002/Movies/a.mrc").touch()
    (project / "CtfFind/job003").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return project


@pytest.mark.parametrize("relion", ["4", "5"])
def test_the_index_starts_at_the_project_of_the_list(relion_project, relion):
    report = export_picks(
        relion_project / "DRPnet",
        [exported()],
        ExportOptions(program=f"RELION {relion}"),
        micrographs_star=relion_project / "CtfFind/job003/micrographs_ctf.star",
    )
    assert read_index(report.index)[0][1] == "DRPnet/Movies/a_autopick.star"


def test_relion_31_gets_the_place_of_its_list(relion_project):
    report = export_picks(
        relion_project / "DRPnet",
        [exported()],
        ExportOptions(formats=(".csv",), program="RELION 3.1"),
        micrographs_star=relion_project / "CtfFind/job003/micrographs_ctf.star",
    )
    assert report.index == relion_project / "DRPnet/coords_suffix_autopick.star"
    assert one_line(report.index) == "CtfFind/job003/micrographs_ctf.star"
    assert report.results[0].text == "DRPnet/coords_suffix_autopick.star"
    assert report.notes == ()
    assert not (relion_project / "DRPnet/autopick.star").exists()
    written = (relion_project / "DRPnet/Movies/a_autopick.star").read_text()
    assert "_rlnAnglePsi" in written
    assert "_rlnParticleSelectionType" not in written  # of which 3.1 would warn


def test_paths_outside_the_project_are_absolute(relion_project, tmp_path):
    report = export_picks(
        tmp_path / "far",
        [exported()],
        ExportOptions(),
        micrographs_star=relion_project / "CtfFind/job003/micrographs_ctf.star",
    )
    assert read_index(report.index)[0][1] == (tmp_path / "far/Movies/a_autopick.star").as_posix()


@pytest.mark.parametrize(
    ("options", "name", "note"),
    [
        (ExportOptions(program="RELION 3.1"), "a.mrc", "3.1 needs .* list"),
        (ExportOptions(), "/data/a.mrc", "names in its list"),
        (ExportOptions(), "a.TIFF", "^RELION 5 reads TIFF .* upside down"),
        (ExportOptions(program="EMAN2"), "a.tif", "^EMAN2 reads TIFF .* upside down"),
    ],
)
def test_what_a_program_lacks_is_noted(options, name, note):
    report = export_picks(OUT, [exported(name)], options)
    assert re.search(note, one(report.notes))
    assert (report.index is None) == (options != ExportOptions())


def test_picks_outside_are_noted_and_left_out():
    report = export_picks(OUT, [exported(at=[(10, 20), (-3, 5), (99.6, 7)])], ALL)
    assert [len(read_coordinates(file)) for file in report.files] == [1, 3, 1]
    assert report.particles == 3
    assert report.notes == (
        "2 picks outside their micrograph are left out of .star and .box files",
    )
    report = export_picks(OUT, [exported(at=[(-3, 5)])], ExportOptions(program="crYOLO"))
    assert not any("left out" in note for note in report.notes)


def test_boxes_are_one_and_a_half_diameters_unless_chosen():
    for program in ("EMAN2", "crYOLO"):
        for size, side in ((None, 24), (64, 64)):  # 1.5 × 15, rounded up to even
            options = ExportOptions(program=program, box_size_px=size)
            report = export_picks(OUT, [exported()], options)
            assert options.has_boxes
            assert read_coordinates(report.files[0]).box_size_px == side
    assert not ExportOptions().has_boxes


@pytest.mark.parametrize("extend", [True, False])
def test_an_index_is_extended_or_replaced(extend):
    export_picks(OUT, [exported("a.mrc", "a"), exported("b.mrc", "b")], ExportOptions())
    report = export_picks(OUT, [exported("b.mrc", "b")], ExportOptions(), extend=extend)
    kept = {"a.mrc": "out/a_autopick.star"} if extend else {}
    assert dict(read_index(report.index)) == kept | {"b.mrc": "out/b_autopick.star"}


def test_a_damaged_index_is_not_extended():
    index = OUT / "autopick.star"
    OUT.mkdir()
    index.write_text("no table\n")
    report = export_picks(OUT, [exported()], ExportOptions(), extend=True)
    assert report.index is None
    assert "autopick.star" in report.failed[0]
    assert index.read_text() == "no table\n"
    assert report.files[0].exists()


def test_a_file_that_cannot_be_written_is_noted_and_the_rest_goes_on():
    OUT.mkdir()
    (OUT / "Movies").write_text("a file where a folder should be")
    report = export_picks(OUT, [exported(), exported("b.mrc", "b")], ExportOptions())
    assert len(report.failed) == 1
    assert "Movies" in report.failed[0]
    assert read_index(report.index) == [("b.mrc", "out/b_autopick.star")]
    assert (report.micrographs, report.particles) == (1, 2)


def test_a_full_disk_leaves_the_earlier_file(monkeypatch):
    (before,) = export_picks(OUT, [exported()], ExportOptions()).files
    text = before.read_text()

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_drpnet.base.atomic_file.os.replace", fail)
    report = export_picks(OUT, [exported(at=[(1, 1)])], ExportOptions())
    assert report.failed == ("out: No space left on device",)
    assert report.index is None
    assert before.read_text() == text
    assert sorted(file.name for file in before.parent.iterdir()) == [before.name]


def test_two_micrographs_never_share_files():
    report = export_picks(OUT, [exported("a.mrc", "a"), exported("a.tif", "a")], ExportOptions())
    assert report.failed == ("a.tif: its files would replace those of a.mrc",)
    assert read_index(report.index) == [("a.mrc", "out/a_autopick.star")]


def test_progress_and_cancelling_between_micrographs():
    export_picks(OUT, [exported("z.mrc", "z")], ExportOptions())
    before = (OUT / "autopick.star").read_text()
    taken = []

    def read():
        for number in range(5):
            taken.append(number)
            yield exported(f"{number}.mrc", str(number))

    job = CancelAfter(2)
    with pytest.raises(Cancelled):
        export_picks(OUT, read(), ExportOptions(), total=5, job=job)
    assert job.told == [(1, 5, "export"), (2, 5, "export")]
    assert taken == [0, 1]
    assert len(read_coordinates(OUT / "1_autopick.star")) == 2
    assert (OUT / "autopick.star").read_text() == before


def test_a_list_tells_how_many_there_will_be():
    job = CancelAfter(None)
    export_picks(OUT, [exported("a.mrc", "a"), exported("b.mrc", "b")], ExportOptions(), job=job)
    assert job.told == [(1, 2, "export"), (2, 2, "export")]


def test_nothing_to_export_writes_nothing():
    report = export_picks(OUT, [], ExportOptions())
    assert (report.files, report.index, report.micrographs) == ((), None, 0)
    assert not OUT.exists()


@pytest.mark.parametrize("formats", [(".mrc",), (".star", ".cs")])
def test_formats_nobody_knows_are_refused(formats):
    with pytest.raises(ValidationError, match="formats must be some of"):
        ExportOptions(formats=formats)


positions = st.integers(0, 30).flatmap(
    lambda count: arrays(np.float64, (count, 2), elements=st.floats(-0.5, 99.49))
)


@given(positions)
def test_what_is_written_reads_back(tmp_path_factory, centers_yx):
    """All digits in .csv; whole pixels, at most half a pixel away, in .star and .box."""
    scores = np.linspace(0, 1, len(centers_yx))
    micrograph = ExportedMicrograph(
        "a.mrc", PurePosixPath("a"), Coordinates(centers_yx, scores), (100, 100), 15.0
    )
    report = export_picks(tmp_path_factory.mktemp("out"), [micrograph], ALL)
    star, csv, box = (read_coordinates(file) for file in report.files)
    assert (csv.centers_yx == centers_yx).all()
    for whole in (star, box):
        assert (whole.centers_yx == np.rint(centers_yx)).all()
        assert np.abs(whole.centers_yx - centers_yx).max(initial=0) <= 0.5
        assert whole.score == pytest.approx(scores, abs=1e-6)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_preview_is_the_beginning_of_the_file(program):
    at = [(row + 0.25, 20.5) for row in range(90)]
    options = ExportOptions(program=program, box_size_px=24)
    micrograph = exported(at=at)
    report = export_picks(OUT, [micrograph], options)
    whole = report.files[0].read_text().strip()
    name, few = preview_lines(micrograph, options)
    assert name == report.files[0].name
    assert few.endswith("\n…")
    assert whole.splitlines()[:3] == few.splitlines()[:3]
    assert len(few.splitlines()) < 12 + 30
    assert preview_lines(micrograph, options, limit=90)[1] == whole


def test_the_preview_of_no_picks_has_no_rows():
    none = exported(at=[])
    assert preview_lines(none, ExportOptions(program="EMAN2")) == ("a.box", "")
    assert preview_lines(none, ExportOptions(program="Topaz"))[0] == "topaz.txt"


def test_one_file_for_cryosparc_has_all_micrographs():
    both = [exported(), exported("b.mrc", "b", at=[(1, 2), (-9, 3)])]
    report = export_picks(OUT, both, CRYOSPARC)
    assert report.files == (OUT / "cryosparc.star",)
    joint = read_coordinates(one(report.files))
    assert joint.micrograph_names == ("MotionCorr/job002/Movies/a.mrc",) * 2 + ("b.mrc",)
    assert joint.centers_yx.tolist() == [[10, 20], [30, 40], [1, 2]]
    assert report.notes == ("1 picks outside their micrograph are left out of .star files",)
    again = exported("b.mrc", "b", at=[(5, 6)])
    export_picks(OUT, [again], CRYOSPARC, extend=True)
    joint = read_coordinates(OUT / "cryosparc.star")
    assert joint.centers_yx.tolist() == [[10, 20], [30, 40], [5, 6]]
    export_picks(OUT, [again], CRYOSPARC)
    assert len(read_coordinates(OUT / "cryosparc.star")) == 1


def test_one_table_for_topaz_needs_names_that_differ():
    options = ExportOptions(program="Topaz")
    report = export_picks(OUT, [exported("x/a.mrc", "x/a"), exported("b.mrc", "b")], options)
    assert read_coordinates(one(report.files)).micrograph_names == ("a", "a", "b", "b")
    report = export_picks(OUT, [exported("x/a.mrc", "x/a", at=[(1, 2)])], options, extend=True)
    assert read_coordinates(one(report.files)).micrograph_names == ("b", "b", "a")
    same = [exported("x/a.mrc", "x/a"), exported("y/a.mrc", "y/a")]
    report = export_picks(OUT, same, options)
    assert "two folders have a micrograph of the same name" in one(report.failed)
    assert report.results == ()


def test_a_joint_file_that_cannot_be_extended_is_named():
    OUT.mkdir()
    (OUT / "cryosparc.star").write_text("no tables")
    report = export_picks(OUT, [exported()], CRYOSPARC, extend=True)
    assert "no data_ block" in one(report.failed)


def test_a_joint_file_with_particles_is_not_emptied():
    export_picks(OUT, [exported()], CRYOSPARC)
    report = export_picks(OUT, [exported(at=[])], CRYOSPARC)
    assert (report.files, report.kept) == ((), (OUT / "cryosparc.star",))
    assert len(read_coordinates(OUT / "cryosparc.star")) == 2
    report = export_picks(OUT, [exported(at=[])], CRYOSPARC, replace_with_empty=report.kept)
    assert (report.files, report.kept) == ((OUT / "cryosparc.star",), ())
    assert len(read_coordinates(OUT / "cryosparc.star")) == 0


def one(items):
    (item,) = items
    return item


def names_in(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.*"))


@pytest.mark.parametrize(
    ("program", "files"),
    [
        ("RELION 5", ["autopick.star", "x/a_autopick.star"]),
        ("RELION 4", ["autopick.star", "x/a_autopick.star"]),
        ("RELION 3.1", ["x/a_autopick.star"]),
        ("cryoSPARC", ["cryosparc.star"]),
        ("crYOLO", ["x/a.cbox"]),
        ("EMAN2", ["x/a.box"]),
        ("Topaz", ["topaz.txt"]),
    ],
)
def test_each_program_gets_its_files_and_a_place_to_copy(program, files):
    report = export_picks(OUT, [exported("x/a.mrc", "x/a")], ExportOptions(program=program))
    assert names_in(OUT) == files
    if program == "RELION 3.1":
        assert report.results == ()
        return
    result, *commands = report.results
    place = {"crYOLO": "x/*.cbox", "EMAN2": "x/*.box"}.get(program, files[0])
    start = "out" if program.startswith("RELION") else OUT.absolute().as_posix()
    assert result.text == f"{start}/{place}"
    assert result.advice == PROGRAMS[program].advice
    assert len(commands) == (program in ("crYOLO", "EMAN2", "Topaz"))
    assert all(result.text in command.text for command in commands)


def test_further_files_are_written_and_named_once():
    options = ExportOptions(program="EMAN2", formats=(".box", ".csv"))
    report = export_picks(OUT, [exported("x/a.mrc", "x/a"), exported("b.mrc", "b")], options)
    assert names_in(OUT) == ["b.box", "b_autopick.csv", "x/a.box", "x/a_autopick.csv"]
    places = [Path(result.text).relative_to(OUT.absolute()) for result in report.results[::2]]
    assert places == [Path("**/*.box"), Path("**/*_autopick.csv")]


@pytest.mark.parametrize("at", [[], [(-30, 5)]])
def test_files_with_particles_are_not_replaced_by_empty_ones(at):
    before = export_picks(OUT, [exported(), exported("b.mrc", "b")], ALL)
    report = export_picks(OUT, [exported(at=at), exported("b.mrc", "b", at=[(1, 2)])], ALL)
    assert report.kept == before.files[:3]
    assert (report.files, report.micrographs, report.particles) == (before.files[3:], 1, 1)
    assert [len(read_coordinates(file)) for file in before.files] == [2] * 3 + [1] * 3
    assert len(read_index(report.index)) == 2
    none = [exported(at=[]), exported("b.mrc", "b", at=[])]
    report = export_picks(OUT, none, ALL, replace_with_empty=report.kept)
    assert report.kept == before.files[3:]
    report = export_picks(OUT, none, ALL, replace_with_empty=report.kept)
    assert report.kept == ()
    assert [len(read_coordinates(file)) for file in report.files] == [0] * 6


def test_a_damaged_file_is_not_replaced_by_an_empty_one():
    OUT.mkdir()
    (OUT / "b_autopick.star").write_text("no table")
    report = export_picks(OUT, [exported("b.mrc", "b", at=[])], ALL)
    assert report.kept == (OUT / "b_autopick.star",)
    assert read_index(report.index) == [("b.mrc", "out/b_autopick.star")]
    assert not (OUT / "b_autopick.csv").exists()
