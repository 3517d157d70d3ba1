import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_drpnet.picking.parameters import PeakParameters
from napari_drpnet.project.state.edits import Settings, SettingsEdit
from napari_drpnet.project.state.model import Project
from napari_drpnet.project.storage.journal import Journal


def edit(number):
    """The n-th of a chain of edits."""
    before, after = (Settings(peaks=PeakParameters(sigma_px=k)) for k in (number - 1, number))
    return SettingsEdit(before=before if number > 1 else Settings(), after=after)


def read(path, last=0):
    """Replay a journal; return it, the edits that it gave, and its complaint."""
    edits, journal = [], Journal(path, last)
    complaint = journal.replay(edits.append)
    return journal, edits, complaint


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


@pytest.fixture
def journal(path):
    journal, *_ = read(path)
    for number in (1, 2, 3):
        journal.append(edit(number))
    return journal


def test_edits_come_back(path, journal):
    again, edits, complaint = read(path)
    assert edits == [edit(1), edit(2), edit(3)]
    assert complaint is None
    assert (again.last, again.length, again.unsaved) == (3, 3, 0)
    again.append(edit(4))
    assert read(path)[1] == [edit(1), edit(2), edit(3), edit(4)]


def test_lines_are_numbered(path, journal):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["n"] for line in lines] == [1, 2, 3]
    assert {line["edit"]["kind"] for line in lines} == {"settings"}


def test_edits_in_the_snapshot_are_skipped(path, journal):
    assert read(path, 2)[1] == [edit(3)]
    again, edits, complaint = read(path, 7)
    assert (edits, complaint, again.last) == ([], None, 7)
    again.append(edit(8))
    assert read(path, 7)[1] == [edit(8)]


@given(data=st.data())
def test_killed_at_any_byte_a_beginning_is_there(tmp_path_factory, draw_edit, data):
    path = tmp_path_factory.mktemp("killed") / "journal.jsonl"
    project, (journal, *_) = Project(), read(path)
    states, sizes = [project.state], [0]
    for _ in range(data.draw(st.integers(1, 8))):
        change = draw_edit(data.draw, project)
        project.apply(change)
        journal.append(change)
        states.append(project.state)
        sizes.append(path.stat().st_size)
    cut = data.draw(st.integers(0, sizes[-1]) | st.sampled_from(sizes))
    os.truncate(path, cut)
    whole = sum(size <= cut for size in sizes) - 1
    loaded, again = Project(), Journal(path, 0)
    assert again.replay(loaded.apply) is None
    assert loaded.state == states[whole]
    assert path.stat().st_size == sizes[whole]
    next_edit = draw_edit(data.draw, loaded)
    loaded.apply(next_edit)
    again.append(next_edit)
    reloaded = Project()
    assert read(path)[0].last == whole + 1
    assert Journal(path, 0).replay(reloaded.apply) is None
    assert reloaded.state == loaded.state
    assert len(list(path.parent.iterdir())) == 1


BROKEN = {
    "no JSON": b'{"n":2,"edit":\n',
    "zeros": b"\0" * 40 + b"\n",
    "empty": b"\n",
    "not UTF-8": b'"\xff"\n',
    "unknown edit": b'{"n":2,"edit":{"kind":"magic"}}\n',
    "no edit": b'{"n":2}\n',
    "missing lines": b'{"n":9,"edit":{"kind":"group","title":"","edits":[]}}\n',
    "deeply nested": b"[" * 100_000 + b"\n",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_damaged_journal_is_kept_aside(path, journal, broken):
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = lines[0] + broken + lines[2]
    for attempt in ("journal-damaged-1.jsonl", "journal-damaged-2.jsonl"):
        path.write_bytes(damaged)
        again, edits, complaint = read(path)
        assert edits == [edit(1)]
        assert "journal.jsonl is damaged from line 2 on" in complaint
        assert attempt in complaint
        assert path.with_name(attempt).read_bytes() == damaged
        assert path.read_bytes() == lines[0]
        again.append(edit(2))
        assert read(path)[1:] == ([edit(1), edit(2)], None)


def test_an_edit_that_does_not_fit_is_damage(path, journal):
    project = Project(Settings(peaks=PeakParameters(sigma_px=9)))
    complaint = Journal(path, 0).replay(project.apply)
    assert "damaged from line 1" in complaint
    assert path.read_bytes() == b""


def test_a_journal_that_cannot_be_kept_aside_stays(path, journal, monkeypatch):
    path.write_bytes(b"broken\n" + path.read_bytes())
    data = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OSError, match="No space"):
        read(path)
    assert path.read_bytes() == data


def test_nothing_is_lost_on_a_full_disk(path, journal):
    resource = pytest.importorskip("resource")
    size = path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, limits[1]))
    try:
        for number in (4, 5):
            with pytest.raises(OSError, match="too large"):
                journal.append(edit(number))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert journal.unsaved == 2
    assert path.stat().st_size == size + 40  # a torn line
    torn = path.read_bytes()
    assert read(path)[1:] == ([edit(1), edit(2), edit(3)], None)
    path.write_bytes(torn)
    journal.append(edit(6))
    assert journal.unsaved == 0
    assert read(path)[1:] == ([edit(number) for number in range(1, 7)], None)


def test_nothing_is_lost_while_the_folder_is_gone(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    journal, *_ = read(folder / "journal.jsonl")
    journal.append(edit(1))
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError):
        journal.append(edit(2))
    assert not folder.exists()
    (tmp_path / "elsewhere").rename(folder)
    journal.write()
    assert read(folder / "journal.jsonl")[1:] == ([edit(1), edit(2)], None)


def test_a_journal_cut_by_another_program_is_no_place_for_more(path, journal):
    os.truncate(path, 10)
    with pytest.raises(OSError, match="truncated by another program"):
        journal.append(edit(4))
    assert path.stat().st_size == 10
    assert journal.unsaved == 1


def test_bytes_behind_the_last_line_are_cut_off(path, journal):
    with path.open("ab") as file:
        file.write(b"x" * 10_000 + b"\n")
    journal.append(edit(4))
    assert read(path)[1:] == ([edit(number) for number in range(1, 5)], None)


def test_it_is_synced_only_when_there_is_something_new(journal, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", synced.append)
    journal.sync()
    journal.sync()
    assert len(synced) == 1
    journal.append(edit(4))
    journal.sync()
    assert len(synced) == 2


def test_a_failed_sync_is_tried_again(journal, monkeypatch):
    def fail(handle):
        raise OSError("input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="input/output"):
            journal.sync()
    synced = []
    monkeypatch.setattr("os.fsync", synced.append)
    journal.sync()
    assert len(synced) == 1


def test_cleared_it_goes_on_counting(path, journal):
    journal.clear()
    assert path.read_bytes() == b""
    assert (journal.length, journal.last) == (0, 3)
    journal.append(edit(4))
    assert read(path, 3)[1:] == ([edit(4)], None)
