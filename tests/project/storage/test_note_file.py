from napari_drpnet.project.storage.note_file import NoteFile


def test_a_note_is_kept_when_it_has_changed(tmp_path):
    path = tmp_path / "note.txt"
    note = NoteFile(path)
    assert note.text == ""
    note.save()
    assert not path.exists()
    note.text = "µ on"
    note.save()
    assert NoteFile(path).text == "µ on"


def test_a_note_that_cannot_be_written_is_lost_without_an_error(tmp_path):
    note = NoteFile(tmp_path / "missing" / "note.txt")
    (tmp_path / "missing").write_text("a file")
    note.text = "on"
    note.save()
    assert NoteFile(tmp_path / "missing" / "note.txt").text == ""
