"""Display settings that come back with the project."""

from napari_drpnet.images.display import DisplayParameters

DISPLAY = DisplayParameters(lowpass_angstrom=35.0, invert=True)


def change(view):
    view.display = DISPLAY
    view.contrast_deviations = 2.5
    view.show_rejected = False
    view.show_boxes = True
    view.map_opacity = 0.25


def seen(view):
    shown = view.show_rejected, view.show_boxes, view.map_opacity
    return view.display, view.contrast_deviations, *shown


def test_they_are_saved_and_shown_again(new_desk, discs):
    desk = new_desk()
    desk.open(*discs)
    change(desk.session.view)
    desk.session.view.show_points = False
    expected = seen(desk.session.view)
    desk.close()
    desk = new_desk()
    desk.open(*discs)
    assert seen(desk.session.view) == expected
    assert desk.session.view.show_points  # else the picks would seem to be lost
    assert desk.current.image.display.parameters == DISPLAY
    assert desk.current.image.display.lowpass_px == 17.5


def test_they_survive_a_crash_once_synced(desk, new_desk, discs, tmp_path):
    desk.open(*discs)
    change(desk.session.view)
    desk.session.sync()
    (saved,) = tmp_path.rglob("view.json")
    time = saved.stat().st_mtime_ns
    desk.session.sync()
    assert saved.stat().st_mtime_ns == time  # nothing has changed
    assert b"35.0" in saved.read_bytes()


def test_each_project_has_its_own_and_a_new_one_those_of_the_last(desk, tmp_path):
    session = desk.session
    session.open_project(tmp_path / "first")
    change(session.view)
    session.open_project(tmp_path / "second")
    assert session.view.display == DISPLAY
    session.view.display = DisplayParameters(lowpass=False)
    session.open_project(tmp_path / "first")
    assert session.view.display == DISPLAY
    session.open_project(tmp_path / "second")
    assert not session.view.display.lowpass


def test_a_damaged_file_gives_the_defaults(desk, tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "view.json").write_text('{"map_opacity": 7}')
    desk.session.open_project(tmp_path / "project")
    assert desk.session.view.map_opacity == 0.5
    assert desk.session.view.display == DisplayParameters()


def test_a_folder_that_cannot_be_written_to_is_no_error(desk, tmp_path, monkeypatch):
    def refuse(self, path):
        raise OSError("no space left")

    desk.session.open_project(tmp_path / "project")
    monkeypatch.setattr("napari_drpnet.project.files.view_choice.ViewChoice.save", refuse)
    change(desk.session.view)
    desk.session.sync()
    assert desk.texts() == []
