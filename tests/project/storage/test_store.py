import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_drpnet
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.parameters import PeakParameters, SegmenterParameters
from napari_drpnet.project.state.edits import (
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    PaintEdit,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.strokes import strokes_frame
from napari_drpnet.project.storage import store as store_module
from napari_drpnet.project.storage.store import (
    ProjectInUseError,
    ProjectStore,
    StoredCandidates,
    default_project_folder,
    projects_root,
)


def do(store, project, edit):
    project.apply(edit)
    store.append(edit)


def set_sigma(store, project, value):
    after = Settings(peaks=PeakParameters(sigma_px=value))
    do(store, project, SettingsEdit(before=project.settings, after=after))


def load(folder):
    """Return what a new process would find."""
    store, project = ProjectStore.open(folder)
    assert store.complaints == []
    state = project.state
    store.close(project)
    return state


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "projects" / "new"


@pytest.fixture
def opened(folder):
    store, project = ProjectStore.open(folder)
    yield store, project
    store.close(project)


def copy(folder, name):
    return shutil.copytree(folder, folder.with_name(name))


def test_a_new_folder_is_an_empty_project(opened, folder):
    store, project = opened
    assert store.folder == folder
    assert store.complaints == []
    assert project.micrographs == {}
    assert project.settings == Settings()


@given(data=st.data())
def test_a_project_is_there_again_whether_closed_or_killed(tmp_path_factory, draw_edit, data):
    folder = tmp_path_factory.mktemp("project")
    for _ in range(data.draw(st.integers(1, 3))):
        store, project = ProjectStore.open(folder)
        for _ in range(data.draw(st.integers(0, 4))):
            do(store, project, draw_edit(data.draw, project))
            if data.draw(st.booleans()):
                store.compact(project)
        if data.draw(st.booleans()):
            store.close(project)
        else:
            store._lock.release()  # as the system does for the killed
        assert load(folder) == project.state


def test_the_snapshot_says_what_made_it(opened, folder):
    store, project = opened
    set_sigma(store, project, 1)
    set_sigma(store, project, 2)
    store.close(project)
    snapshot = json.loads((folder / "project.json").read_text())
    assert snapshot["format"] == 1
    assert snapshot["version"] == napari_drpnet.__version__
    assert snapshot["last_edit"] == 2
    assert (folder / "journal.jsonl").read_bytes() == b""


def test_a_project_that_was_only_looked_at_is_not_written(opened, folder):
    store, project = opened
    store.close(project)
    assert not (folder / "project.json").exists()


def test_a_journal_is_long_at_some_time(opened, monkeypatch):
    store, project = opened
    monkeypatch.setattr(store_module, "LONG", 2)
    for value in (1, 2):
        set_sigma(store, project, value)
    assert not store.is_long
    set_sigma(store, project, 3)
    assert store.is_long
    store.compact(project)
    assert not store.is_long


def test_one_store_at_a_time(opened, folder):
    store, project = opened
    with pytest.raises(ProjectInUseError, match="another window has this project open"):
        ProjectStore.open(folder)
    store.close(project)
    store.close(project)
    again, project = ProjectStore.open(folder)
    with pytest.raises(ProjectInUseError):
        ProjectStore.open(folder)
    again.close(project)


CHILD = """
import sys
from napari_drpnet.picking.parameters import PeakParameters
from napari_drpnet.project.state.edits import Settings, SettingsEdit
from napari_drpnet.project.state.history import History
from napari_drpnet.project.storage.store import ProjectStore
store, project = ProjectStore.open(sys.argv[1])
history = History(project, store.append)
for number in range(1, 10**6):
    after = Settings(peaks=PeakParameters(max_count=number))
    history.do(SettingsEdit(before=project.settings, after=after))
    print(number, flush=True)
    if number % 7 == 0:
        store.compact(project)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
@pytest.mark.parametrize("lines", [1, 100])
def test_a_killed_process_loses_nothing(folder, lines):
    process = subprocess.Popen([sys.executable, "-c", CHILD, folder], stdout=subprocess.PIPE)
    for _ in range(lines):
        process.stdout.readline()
    with pytest.raises(ProjectInUseError):
        ProjectStore.open(folder)
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    said = lines + rest.count(b"\n")
    assert load(folder).settings.peaks.max_count in (said, said + 1)


PAINTERS = """
import os, signal, sys
import numpy as np
from napari_drpnet.project.state.edits import PaintEdit
from napari_drpnet.project.state.history import History
from napari_drpnet.project.storage.store import ProjectStore

def paint(folder, pipe):
    store, project = ProjectStore.open(folder)
    history, before = History(project, store.append), np.zeros((60, 90), np.uint8)
    for number in range(1, 10**6):
        after = before.copy()
        after[number * 7 % 50 :, number * 13 % 70 :][:10, :20] = number % 5
        edit = PaintEdit.between("m0001", before.shape, before, after, "Paint")
        if edit is not None:
            history.do(edit)
        before = after
        os.write(pipe, b".")
        if number % 7 == 0:
            store.compact(project)

for number, folder in enumerate(sys.argv[1:]):
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        paint(folder, into)
    os.close(into)
    for _ in range(2 * number):
        os.read(out, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print(2 * number + len(os.read(out, 2**16)), flush=True)
"""


def painted_in(classes, number):
    """What `PAINTERS` have painted after a number of strokes."""
    for k in range(1, number + 1):
        classes[k * 7 % 50 :, k * 13 % 70 :][:10, :20] = k % 5
    return classes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_painters_that_are_killed_lose_no_stroke(opened, folder, micrograph_record):
    store, project = opened
    do(store, project, MicrographEdit(before=(), after=(micrograph_record(1),)))
    store.compact(project)
    folders = [copy(folder, f"painted{k}") for k in range(20)]
    ran = subprocess.run([sys.executable, "-c", PAINTERS, *folders], capture_output=True)
    assert ran.returncode == 0, ran.stderr
    said = [int(line) for line in ran.stdout.split()]
    assert len(said) == 20
    for painted, number in zip(folders, said, strict=True):
        strokes = load(painted).strokes.get("m0001")
        classes = np.zeros((60, 90), np.uint8) if strokes is None else strokes.classes
        wanted = [painted_in(np.zeros((60, 90), np.uint8), number + k) for k in (0, 1)]
        assert any(np.array_equal(classes, each) for each in wanted)


def test_a_kill_while_compacting_loses_nothing(opened, folder):
    """Try every state of the files between the old snapshot with a journal, and the new one."""
    store, project = opened
    set_sigma(store, project, 1)
    store.compact(project)
    for value in (2, 3):
        set_sigma(store, project, value)
    before = copy(folder, "before")
    store.compact(project)
    after = copy(folder, "after")
    snapshot = (after / "project.json").read_bytes()
    journal = (before / "journal.jsonl").read_bytes()
    for cut in (0, 1, len(snapshot) - 1):  # the old snapshot, and a torn one beside it
        torn = before / ".project-0123abcd.part.json"
        torn.write_bytes(snapshot[:cut])
        assert load(copy(before, f"torn-{cut}")) == project.state
        assert not list(folder.with_name(f"torn-{cut}").glob(".*"))
    for cut in range(0, len(journal) + 1, 13):  # the new snapshot, and old lines
        (after / "journal.jsonl").write_bytes(journal[:cut])
        assert load(after) == project.state
    (after / "journal.jsonl").write_bytes(journal)
    again, loaded = ProjectStore.open(after)
    set_sigma(again, loaded, 4)
    again._lock.release()
    assert load(after).settings.peaks.sigma_px == 4


@pytest.mark.parametrize(
    "step", ["os.replace", "napari_drpnet.project.storage.journal.Journal.clear"]
)
def test_an_interrupted_compacting_can_be_repeated(opened, folder, monkeypatch, step):
    store, project = opened
    set_sigma(store, project, 1)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.compact(project)
    assert load(copy(folder, "killed")) == project.state
    set_sigma(store, project, 2)
    assert load(copy(folder, "killed later")) == project.state
    store.compact(project)
    assert load(copy(folder, "repeated")) == project.state


@contextmanager
def full(monkeypatch, what=("journal", "snapshot")):
    """Refuse to write the journal, the snapshot, or both."""

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if "journal" in what:
            patch.setattr("napari_drpnet.project.storage.journal.open", fail, raising=False)
        if "snapshot" in what:
            patch.setattr("napari_drpnet.base.atomic_file._flush", fail)
        yield


def test_what_a_full_disk_refuses_is_saved_with_the_next_edit(opened, folder, monkeypatch):
    store, project = opened
    set_sigma(store, project, 1)
    with full(monkeypatch):
        for value in (2, 3):
            with pytest.raises(OSError, match="No space"):
                set_sigma(store, project, value)
        with pytest.raises(OSError, match="No space"):
            store.compact(project)
    assert store.unsaved == 2
    assert load(copy(folder, "killed")).settings.peaks.sigma_px == 1
    set_sigma(store, project, 4)
    assert store.unsaved == 0
    assert load(copy(folder, "later")) == project.state


def test_closing_on_a_full_disk_says_so_and_unlocks(opened, folder, monkeypatch):
    store, project = opened
    set_sigma(store, project, 1)
    with full(monkeypatch):
        with pytest.raises(OSError, match="No space"):
            set_sigma(store, project, 2)
        with pytest.raises(OSError, match="No space"):
            store.close(project)
    assert load(folder).settings.peaks.sigma_px == 1


def test_closing_without_room_for_a_snapshot_leaves_all_in_the_journal(opened, folder, monkeypatch):
    store, project = opened
    set_sigma(store, project, 1)
    with full(monkeypatch, ["journal"]), pytest.raises(OSError, match="No space"):
        set_sigma(store, project, 2)
    with full(monkeypatch, ["snapshot"]):
        store.close(project)
    assert not (folder / "project.json").exists()
    assert load(folder) == project.state


def test_a_lost_folder_is_written_anew(opened, folder):
    store, project = opened
    set_sigma(store, project, 1)
    shutil.rmtree(folder)
    with pytest.raises(OSError):
        set_sigma(store, project, 2)
    assert store.unsaved == 1
    store.compact(project)
    assert store.unsaved == 0
    set_sigma(store, project, 3)
    assert load(copy(folder, "anew")) == project.state


DAMAGED = {
    "empty": b"",
    "cut": b'{"format": 1, "version": "0.1", "proj',
    "not JSON": b"\xff\xfe",
    "no object": b"[]",
    "other JSON": b'{"a": 1}',
    "unknown parameter": b'{"format":1,"version":"0","project":{"settings":{"peaks":{"magic":1}}}}',
    "deeply nested": b"[" * 100_000,
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_snapshot_is_named_and_left_alone(folder, damaged):
    folder.mkdir(parents=True)
    (folder / "project.json").write_bytes(damaged)
    (folder / "journal.jsonl").write_bytes(b"torn")
    errors = []  # kept, so that only `open` itself can have freed the lock
    for _ in range(2):
        with pytest.raises(InputFileError, match=r"project\.json: is not a project of") as error:
            ProjectStore.open(folder)
        errors.append(error)
    assert (folder / "project.json").read_bytes() == damaged
    assert (folder / "journal.jsonl").read_bytes() == b"torn"


def test_a_project_of_a_newer_version_is_left_alone(folder):
    folder.mkdir(parents=True)
    newer = '{"format": 5, "version": "3.0", "everything": "else"}'
    (folder / "project.json").write_text(newer)
    with pytest.raises(InputFileError, match=r"made by a newer version of napari-drpnet \(3\.0\)"):
        ProjectStore.open(folder)
    assert (folder / "project.json").read_text() == newer


OLD_SETTINGS = {
    "particle": {"diameter_angstrom": 120.0, "pixel_size_angstrom": None, "polarity": "dark"},
    "detector": {
        "weights": "default",
        "device": "auto",
        "precision": "float32",
        "normalization": None,
        "map_units": None,
    },
    "peaks": {
        "sigma_px": 2.0,
        "threshold": None,
        "level": 1,
        "score": None,
        "min_distance": 0.5,
        "border": None,
        "max_count": None,
    },
    "classifier": {"classifier": "default", "accept": None, "least_f1": None},
    "micrographs_star": None,
}


def test_a_project_of_a_version_without_segmenters_is_read_and_written_as_before(folder):
    folder.mkdir(parents=True)
    old = {"format": 1, "version": "0.1.0", "last_edit": 0, "project": {"settings": OLD_SETTINGS}}
    (folder / "project.json").write_text(json.dumps(old))
    store, project = ProjectStore.open(folder)
    assert project.settings.peaks.sigma_px == 2.0
    assert project.settings.segmenter == SegmenterParameters()
    store.compact(project)
    store.close(project)
    written = json.loads((folder / "project.json").read_text())
    assert written["format"] == 1
    assert written["project"]["settings"] == OLD_SETTINGS


def test_a_project_with_a_segmenter_tells_earlier_versions_that_it_is_newer(opened, folder):
    store, project = opened
    after = Settings(segmenter=SegmenterParameters(segmenter="own"))
    do(store, project, SettingsEdit(before=project.settings, after=after))
    store.close(project)
    assert json.loads((folder / "project.json").read_text())["format"] == 2
    assert load(folder).settings == after


def test_a_project_with_an_extraction_box_tells_earlier_versions_at_once(opened, folder):
    store, project = opened
    after = Settings(peaks=PeakParameters(border_box_px=64))
    do(store, project, SettingsEdit(before=project.settings, after=after))
    assert store.is_outdated(project)
    store.compact(project)
    assert not store.is_outdated(project)
    assert json.loads((folder / "project.json").read_text())["format"] == 4
    store.close(project)
    assert load(folder).settings == after


def test_a_project_with_labels_of_2d_classes_tells_earlier_versions_too(opened, folder):
    store, project = opened
    record = MicrographRecord(
        id="m0001",
        name="a",
        path=Path("/a"),
        output="a",
        pixel_size_angstrom=None,
        defocus_angstrom=None,
    )
    do(store, project, MicrographEdit(before=(), after=(record,)))
    label = Label(id=1, center_yx=(1, 2), anchor_yx=(1, 2), accepted=False, source="classes")
    do(store, project, LabelEdit(micrograph="m0001", before=(), after=(label,)))
    store.close(project)
    assert json.loads((folder / "project.json").read_text())["format"] == 3
    assert load(folder).labels["m0001"] == (label,)


def paint(store, project, micrograph="m0001", shape=(60, 90)):
    before = np.zeros(strokes_frame(shape).network_shape, np.uint8)
    after = before.copy()
    after[10:20, 30:50] = 3
    do(store, project, PaintEdit.between(micrograph, shape, before, after, "Paint ice"))


def test_a_project_with_strokes_tells_earlier_versions_too(opened, folder, micrograph_record):
    store, project = opened
    do(store, project, MicrographEdit(before=(), after=(micrograph_record(1),)))
    store.compact(project)
    assert not store.is_outdated(project)
    paint(store, project)
    assert store.is_outdated(project)
    store.compact(project)
    assert not store.is_outdated(project)
    written = json.loads((folder / "project.json").read_text())
    assert written["format"] == 4
    store.close(project)
    assert load(folder).strokes == project.strokes
    again, loaded = ProjectStore.open(folder)
    assert not again.is_outdated(loaded)
    nothing = np.zeros((60, 90), np.uint8)
    drawn = loaded.strokes["m0001"].classes
    do(again, loaded, PaintEdit.between("m0001", (60, 90), drawn, nothing, "Clear"))
    again.close(loaded)
    written = json.loads((folder / "project.json").read_text())
    assert written["format"] == 1
    assert "strokes" not in written["project"]


@pytest.mark.parametrize(
    "change",
    [
        {"full_shape": [60, 91]},
        {"full_shape": [6000, 9000]},
        {"bands": []},
        {"bands": ["", "x"]},
        {"other": 1},
    ],
    ids=str,
)
def test_damaged_strokes_in_the_snapshot_are_named(opened, folder, micrograph_record, change):
    store, project = opened
    do(store, project, MicrographEdit(before=(), after=(micrograph_record(1),)))
    paint(store, project)
    store.close(project)
    content = json.loads((folder / "project.json").read_text())
    content["project"]["strokes"]["m0001"].update(change)
    (folder / "project.json").write_text(json.dumps(content))
    with pytest.raises(InputFileError, match=r"project\.json: is not a project of"):
        ProjectStore.open(folder)


def test_a_damaged_stroke_in_the_journal_is_told(opened, folder, micrograph_record):
    store, project = opened
    do(store, project, MicrographEdit(before=(), after=(micrograph_record(1),)))
    paint(store, project)
    damaged = copy(folder, "damaged")
    text = (damaged / "journal.jsonl").read_text()
    (damaged / "journal.jsonl").write_text(text.replace('"width":20', '"width":21'))
    again, loaded = ProjectStore.open(damaged)
    assert list(loaded.micrographs) == ["m0001"]
    assert loaded.strokes == {}
    assert "is damaged from line 2 on" in again.complaints[0]
    again.close(loaded)


def test_damage_in_the_journal_is_told(opened, folder):
    store, project = opened
    for value in (1, 2, 3):
        set_sigma(store, project, value)
    damaged = copy(folder, "damaged")
    lines = (damaged / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (damaged / "journal.jsonl").write_bytes(lines[0] + b"?" + lines[1] + lines[2])
    again, loaded = ProjectStore.open(damaged)
    assert loaded.settings.peaks.sigma_px == 1
    (complaint,) = again.complaints
    assert "journal-damaged-1.jsonl" in complaint
    again.close(loaded)
    assert load(damaged).settings.peaks.sigma_px == 1
    assert (damaged / "journal-damaged-1.jsonl").exists()


def test_a_lost_snapshot_is_told(opened, folder):
    store, project = opened
    set_sigma(store, project, 1)
    store.compact(project)
    set_sigma(store, project, 2)
    lost = copy(folder, "lost")
    (lost / "project.json").unlink()
    again, loaded = ProjectStore.open(lost)
    assert len(again.complaints) == 1
    again.close(loaded)


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("file", "file/project"):
        with pytest.raises(InputFileError, match="Choose a folder that can be written to"):
            ProjectStore.open(tmp_path / name)


def test_candidates_are_kept_by_micrograph(opened, folder):
    store, _ = opened
    assert store.load_candidates("m0001") is None
    picks = Picks(np.ones((2, 2)), *np.ones((3, 2)), np.array([True, False]))
    store.save_candidates("m0001", StoredCandidates("key", picks, (9, 9), 1.0, 5.0, "dark", 1.0))
    assert store.load_candidates("m0001").key == "key"
    assert store.load_candidates("m0002") is None
    (folder / "candidates" / "m0001.npz").write_bytes(b"PK")
    assert store.load_candidates("m0001") is None


def test_candidates_are_not_written_into_a_closed_project(opened, folder):
    store, project = opened
    picks = Picks(np.zeros((1, 2)), *[np.zeros(1)] * 3, np.zeros(1, bool))
    candidates = StoredCandidates("key", picks, (9, 9), 1.0, 5.0, "dark", 1.0)
    store.save_candidates("m0001", candidates)
    store.close(project)
    store.save_candidates("m0002", candidates)
    assert [path.name for path in (folder / "candidates").iterdir()] == ["m0001.npz"]


def test_candidates_that_a_full_disk_refuses_are_kept_and_written_with_the_next(
    opened, folder, monkeypatch
):
    store, project = opened
    picks = Picks(np.zeros((1, 2)), *[np.zeros(1)] * 3, np.zeros(1, bool))
    candidates = StoredCandidates("key", picks, (9, 9), 1.0, 5.0, "dark", 1.0)
    with full(monkeypatch), pytest.raises(OSError, match="No space"):
        store.save_candidates("m0001", candidates)
    assert store.load_candidates("m0001") is candidates
    assert list((folder / "candidates").iterdir()) == []
    store.save_candidates("m0002", candidates)
    assert len(list((folder / "candidates").iterdir())) == 2
    assert store.load_candidates("m0001") is not candidates
    with full(monkeypatch), pytest.raises(OSError, match="No space"):
        store.save_candidates("m0003", candidates)
    store.close(project)
    assert store.load_candidates("m0003").key == "key"
    assert len(list((folder / "candidates").iterdir())) == 3


def test_candidates_are_removed_also_those_that_are_not_written_yet(opened, monkeypatch):
    store, project = opened
    picks = Picks(np.zeros((1, 2)), *[np.zeros(1)] * 3, np.zeros(1, bool))
    candidates = StoredCandidates("key", picks, (9, 9), 1.0, 5.0, "dark", 1.0)
    for name in ("m0001", "m0002"):
        store.save_candidates(name, candidates)
    with full(monkeypatch), pytest.raises(OSError, match="No space"):
        store.save_candidates("m0003", candidates)
    store.remove_candidates(["m0001", "m0003", "m0009"])
    assert store.stored_ids() == {"m0002"}
    assert store.load_candidates("m0001") is None
    assert store.load_candidates("m0003") is None
    store.close(project)
    store.remove_candidates(["m0002"])
    assert store.stored_ids() == {"m0002"}


def test_a_project_is_told_from_other_folders(opened, folder, tmp_path):
    assert ProjectStore.is_project(folder)
    assert not ProjectStore.is_project(tmp_path)
    (tmp_path / "project.json").write_text("{}")
    assert not ProjectStore.is_project(tmp_path)


def test_syncing_writes_what_could_not_be_written_before(opened, folder, monkeypatch):
    store, project = opened
    with full(monkeypatch):
        with pytest.raises(OSError, match="No space"):
            set_sigma(store, project, 1)
        with pytest.raises(OSError, match="No space"):
            store.sync()
    assert store.unsaved == 1
    store.sync()
    assert store.unsaved == 0
    assert load(copy(folder, "synced")) == project.state


def test_the_environment_comes_before_the_preference(monkeypatch, tmp_path):
    monkeypatch.delenv("DRPNET_PROJECTS", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / name)
    assert projects_root(None) == tmp_path / "napari-drpnet" / "projects"
    assert projects_root("") == projects_root(None)
    assert projects_root("~/preferred") == Path.home() / "preferred"
    monkeypatch.setenv("DRPNET_PROJECTS", "/from/environment")
    assert projects_root("/preferred") == Path("/from/environment")


def test_the_same_sources_have_the_same_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    one, two = Path("b/x.mrc"), Path("a/y.mrc").absolute()
    folder = default_project_folder(tmp_path, [one, two])
    assert folder == default_project_folder(tmp_path, [two, one.absolute()])
    assert folder != default_project_folder(tmp_path, [one])
    assert folder.parent == tmp_path
    assert folder.name.startswith("y-")
    assert len(folder.name) == len("y-") + 8


def test_the_name_stays_the_same_from_version_to_version():
    folder = default_project_folder(Path("/root"), [Path("/data/Movies")])
    assert folder == Path("/root/Movies-3cb3d27d")


@pytest.mark.parametrize(
    ("source", "name"),
    [("/data/m*.mrc", "m_"), ("/", "project"), (f"/{'x' * 300}", "x" * 60), ("/a\udc80b", "a_b")],
)
def test_the_name_is_one_that_every_file_system_takes(source, name):
    assert default_project_folder(Path("/root"), [Path(source)]).name.rpartition("-")[0] == name


def test_the_micrograph_shown_last_is_known_again(opened, folder):
    store, project = opened
    assert store.last_shown == ""
    store.last_shown = "m00007"
    store.sync()
    crashed = copy(folder, "crashed")
    store.last_shown = "m00003"
    store.close(project)
    for place, last in ((crashed, "m00007"), (folder, "m00003")):
        again, project = ProjectStore.open(place)
        assert again.last_shown == last
        again.close(project)


@pytest.mark.parametrize("damage", ["folder", "bytes"])
def test_a_damaged_note_of_the_micrograph_shown_last_is_ignored(folder, damage):
    note = folder / "last_shown.txt"
    folder.mkdir(parents=True)
    note.mkdir() if damage == "folder" else note.write_bytes(b"\xff")
    store, project = ProjectStore.open(folder)
    assert store.last_shown == ""
    store.last_shown = "m00001"
    store.close(project)
