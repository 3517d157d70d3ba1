from pathlib import Path
from threading import Event

import pytest

from waiting import LIMIT_S

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QGuiApplication

from napari_drpnet.batch.folder.mask_files import MASK_FILES
from napari_drpnet.formats import read_coordinates
from napari_drpnet.plugin.panels.export import ExportPanel
from napari_drpnet.project.files.programs import PROGRAMS
from napari_drpnet.relion.lists import read_index


@pytest.fixture
def panel(qtbot, viewer, session):
    panel = ExportPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def picked(panel, session, discs, wait, qtbot):
    """The session with three micrographs, of which the first is picked."""
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    assert session.current.accepted_count == 16
    qtbot.waitUntil(panel.export.isEnabled)
    return session


@pytest.fixture
def click(qtbot):
    """A function that clicks on the left of a button, where a box to tick is."""

    def press(button):
        place = QPoint(10, button.height() // 2)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=place)

    return press


@pytest.fixture
def choose():
    """A function that chooses an entry of a list, as a user does."""

    def choose_entry(box, text):
        box.setCurrentText(text)
        box.textActivated.emit(text)

    return choose_entry


@pytest.fixture
def export(panel, session, click, wait):
    """A function that presses Export and waits for what comes of it."""

    def press():
        click(panel.export)
        wait(session)

    return press


def test_what_to_do_first_is_said_in_place_of_the_form(panel, session, discs, wait, qtbot):
    assert panel.hint.text().startswith("Open micrographs")
    session.open_paths(list(discs))
    wait(session)
    qtbot.waitUntil(lambda: panel.hint.text().startswith("Give the particle diameter"))
    session.change("particle", diameter_angstrom=36.0)
    assert not panel.body.isVisible()
    qtbot.waitUntil(lambda: panel.hint.text().startswith("There are no picks yet"))
    assert not panel.export.isEnabled()
    session.picking.pick_current()
    wait(session)
    qtbot.waitUntil(lambda: not panel.hint.isVisible())
    assert panel.body.isVisible()


def test_export_writes_what_is_on_the_screen(panel, picked, export):
    row = picked.current.visible.nonzero()[0][0]
    picked.current.click(tuple(picked.current.review.centers_yx[row]))
    export()
    star = picked.exporter.default_folder / "disc0_autopick.star"
    accepted = picked.current.review.accepted_coordinates(picked.current.states)
    assert len(accepted) == 15
    assert (read_coordinates(star).centers_yx == accepted.centers_yx.round()).all()
    assert panel.outcome.headline.text() == "15 particles of 1 micrograph written"
    (line,) = panel.outcome.lines
    assert line.field.text().endswith("DRPnet/autopick.star")
    assert "Input coordinates" in line.advice.text()
    assert "names in its list" in panel.outcome.messages.toPlainText()


def test_what_napari_did_to_the_layer_is_exported_too(panel, picked, export):
    layer = panel.controller.picks.slot.layer
    with layer.events.data.blocker():
        layer.add([10.0, 10.0])
    export()
    assert panel.outcome.headline.text().startswith("17 particles")


def test_picked_and_left_out_micrographs_are_counted(panel, picked, wait, qtbot):
    assert panel.form.this_one.text() == "This one: 16 particles"
    assert panel.form.counts.text() == "3 included, 1 picked; 2 not picked are left out"
    picked.picking.pick_all()
    wait(picked)
    picked.include([picked.current.id], included=False)
    qtbot.waitUntil(lambda: panel.form.counts.text() == "2 included, 2 picked")
    picked.change("peaks", sigma_px=2.0)
    wait(picked)
    text = "2 included, 2 picked, 2 of them with other settings"
    qtbot.waitUntil(lambda: panel.form.counts.text() == text)


def test_this_one_joins_the_list_of_all(panel, picked, click, export, wait):
    picked.picking.pick_all()
    wait(picked)
    export()
    index = picked.exporter.folder / "autopick.star"
    assert len(read_index(index)) == 3
    click(panel.form.this_one)
    assert picked.exporter.choice.only_current
    export()
    assert panel.outcome.headline.text() == "16 particles of 1 micrograph written"
    assert len(read_index(index)) == 3


def test_a_micrograph_that_is_not_picked_cannot_be_exported_alone(panel, picked, click, qtbot):
    picked.step(1)
    qtbot.waitUntil(lambda: panel.form.this_one.text() == "This one: not picked")
    assert panel.export.isEnabled()
    click(panel.form.this_one)
    assert not panel.export.isEnabled()


def test_boxes_have_the_chosen_size(panel, picked, choose, export):
    assert not panel.form.box_size.native.isVisible()
    choose(panel.form.program, "EMAN2")
    assert panel.form.box_size.native.isVisible()
    box = panel.form.box_size[0].native
    assert box.text() == "28 px"  # 1.5 × 18, rounded up to even
    export()
    file = picked.exporter.folder / "disc0.box"
    assert read_coordinates(file).box_size_px == 28
    box.setValue(40)
    assert picked.exporter.choice.box_size_px == 40
    export()
    assert read_coordinates(file).box_size_px == 40
    assert panel.preview.toPlainText().splitlines()[0].split()[2:4] == ["40", "40"]


def test_the_files_of_the_program_are_always_written(panel, picked, click, choose):
    star, box = (panel.form.formats[suffix] for suffix in (".star", ".box"))
    assert star.isChecked()
    assert not star.isEnabled()
    click(box)
    assert picked.exporter.choice.formats == (".box",)
    choose(panel.form.program, "cryoSPARC")
    assert star.isEnabled()
    assert not star.isChecked()
    assert box.isChecked()


def test_masks_are_written_beside_the_coordinates(panel, picked, click, export, session):
    assert not any(box.isChecked() for box in panel.form.masks.values())
    assert set(panel.form.masks) == set(MASK_FILES)
    click(panel.form.masks["png"])
    assert picked.exporter.choice.masks == ("png",)
    export()
    assert (picked.exporter.folder / "disc0_autopick.star").is_file()
    assert (picked.exporter.folder / "disc0_classes.png").is_file()
    session.exporter.choose(masks=())
    assert not panel.form.masks["png"].isChecked()


def test_masks_are_written_alone_where_nothing_is_picked(
    panel, session, discs, wait, qtbot, click, export
):
    session.open_paths(list(discs))
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    qtbot.waitUntil(panel.body.isVisible)
    assert not panel.export.isEnabled()
    click(panel.form.masks["png"])
    assert panel.export.isEnabled()
    export()
    assert panel.outcome.headline.text() == "3 files written, without particles"
    assert panel.outcome.lines == []
    assert panel.outcome.messages.toPlainText() == "The masks of 3 micrographs are written."
    assert {file.suffix for file in session.exporter.folder.iterdir()} == {".png"}
    click(panel.form.masks["png"])
    assert not panel.export.isEnabled()


def test_the_preview_follows_points_and_choice(panel, picked, qtbot, choose):
    assert panel.preview_title.text() == "First rows of disc0_autopick.star"
    assert "_rlnCoordinateX" in panel.preview.toPlainText()
    choose(panel.form.program, "Topaz")
    assert panel.preview_title.text() == "First rows of topaz.txt"
    rows = panel.preview.toPlainText()
    assert rows.startswith("image_name\tx_coord\ty_coord\tscore\ndisc0\t")
    picked.change("peaks", live=True, threshold=1e6)
    qtbot.waitUntil(lambda: len(panel.preview.toPlainText().splitlines()) == 1)


def test_a_hidden_panel_does_no_work(panel, picked, qtbot):
    panel.hide()
    picked.change("peaks", live=True, threshold=1e6)
    qtbot.wait(300)  # twice as long as it waits for more changes
    assert panel.form.this_one.text() == "This one: 16 particles"
    panel.show()
    assert panel.form.this_one.text() == "This one: 0 particles"


def test_the_choice_is_remembered_with_the_project(
    panel, picked, click, choose, qtbot, type_into, tmp_path
):
    choose(panel.form.program, "RELION 3.1")
    click(panel.form.formats[".csv"])
    type_into(panel.form.folder, str(tmp_path / "out"))
    project = picked.store.folder
    picked.open_project(tmp_path / "another")
    assert picked.exporter.folder == tmp_path / "another" / "DRPnet"
    picked.open_project(project)
    qtbot.waitUntil(lambda: panel.form.folder.text() == str(tmp_path / "out"))
    assert panel.form.program.currentText() == "RELION 3.1"
    assert panel.form.formats[".csv"].isChecked()
    type_into(panel.form.folder, " ")
    assert panel.form.folder.text() == str(project / "DRPnet")


def test_a_folder_is_browsed_for(panel, picked, click, monkeypatch, tmp_path):
    asked = []

    def choose(parent, title, start):
        asked.append(start)
        return str(tmp_path / "chosen")

    name = "napari_drpnet.plugin.panels.export_form.QFileDialog.getExistingDirectory"
    monkeypatch.setattr(name, choose)
    click(panel.form.browse)
    assert asked == [str(picked.store.folder)]  # the default one is not made yet
    assert panel.form.folder.text() == str(tmp_path / "chosen")


def test_the_folder_is_opened(panel, picked, click, export, monkeypatch):
    opened = []
    name = "napari_drpnet.plugin.panels.export_outcome.QDesktopServices.openUrl"
    monkeypatch.setattr(name, lambda url: opened.append(url.toLocalFile()))
    export()
    click(panel.outcome.open_folder)
    assert opened == [str(picked.exporter.folder)]


def test_a_file_in_place_of_the_folder_is_explained(panel, picked, export, type_into, tmp_path):
    notices = []
    picked.noticed.connect(notices.append)
    (tmp_path / "file").write_text("kept")
    type_into(panel.form.folder, str(tmp_path / "file" / "out"))
    export()
    assert "is a file, not a folder. Choose another folder." in panel.outcome.headline.text()
    assert [notice.level for notice in notices] == ["error"]
    assert (tmp_path / "file").read_text() == "kept"
    assert not panel.outcome.open_folder.isVisible()
    assert panel.export.isVisible()
    type_into(panel.form.folder, str(tmp_path / "out"))
    export()
    assert panel.outcome.headline.text() == "16 particles of 1 micrograph written"


def test_files_that_cannot_be_written_are_listed(panel, picked, export):
    notices = []
    picked.noticed.connect(notices.append)
    in_the_way = picked.exporter.folder / "disc0_autopick.star"
    in_the_way.mkdir(parents=True)
    export()
    assert panel.outcome.headline.text() == "Nothing was written"
    assert "disc0_autopick.star" in panel.outcome.messages.toPlainText()
    assert "choose another folder, and export again" in notices[0].text
    assert picked.current.accepted_count == 16


def test_an_export_is_cancelled(panel, picked, click, wait, qtbot, monkeypatch):
    go_on, load = Event(), picked.store.load_candidates

    def load_slowly(micrograph):
        go_on.wait(LIMIT_S)
        return load(micrograph)

    monkeypatch.setattr(picked.store, "load_candidates", load_slowly)
    click(panel.export)
    qtbot.waitUntil(lambda: panel.progress.is_at_work)
    assert not panel.export.isVisible()
    click(panel.progress.cancel)
    assert panel.outcome.headline.text().startswith("Cancelled")
    go_on.set()
    wait(picked)
    qtbot.waitUntil(panel.export.isVisible)
    assert not panel.progress.is_at_work
    assert not (picked.exporter.folder / "autopick.star").exists()


def test_what_relion_takes_is_relative_to_its_project(
    panel, session, tmp_path, write_discs, click, export, wait, qtbot
):
    project = tmp_path / "relion"
    write_discs(project / "MotionCorr/job002/a.mrc")
    star = project / "CtfFind/job003/micrographs_ctf.star"
    star.parent.mkdir(parents=True)
    star.write_text("data_micrographs\n\nloop_\n_rlnMicrographName #1\nMotionCorr/job002/a.mrc\n")
    session.open_paths([star])
    wait(session)
    session.change("particle", diameter_angstrom=36.0)
    session.picking.pick_current()
    wait(session)
    qtbot.waitUntil(lambda: panel.form.folder.text() == str(project / "DRPnet"))
    qtbot.waitUntil(panel.export.isEnabled)
    export()
    (line,) = panel.outcome.lines
    assert line.field.text() == "DRPnet/autopick.star"
    click(line.copy)
    assert QGuiApplication.clipboard().text() == "DRPnet/autopick.star"
    assert read_index(project / "DRPnet/autopick.star") == [
        ("MotionCorr/job002/a.mrc", "DRPnet/a_autopick.star")
    ]


def test_panels_leave_no_listeners(qtbot, viewer, session):
    before = len(session.current.states_changed)
    panel = ExportPanel(viewer)
    assert len(session.current.states_changed) == before + 1
    panel.deleteLater()
    qtbot.waitUntil(lambda: len(session.current.states_changed) == before)


def test_every_program_gets_a_path_to_copy_and_what_to_type(panel, picked, choose, export):
    shown = {panel.form.program.itemText(row) for row in range(panel.form.program.count())}
    assert shown == set(PROGRAMS)
    for name in ("cryoSPARC", "crYOLO", "EMAN2", "Topaz"):
        choose(panel.form.program, name)
        export()
        line = panel.outcome.lines[0]
        assert Path(line.field.text()).parent == picked.exporter.folder
        assert Path(line.field.text()).suffix == PROGRAMS[name].suffix
        assert line.advice.isVisible()
        assert line.advice.accessibleName() == PROGRAMS[name].advice
    assert panel.outcome.lines[1].field.text().startswith("topaz train --train-targets /")
    assert len(read_coordinates(picked.exporter.folder / "cryosparc.star")) == 16


def test_good_files_are_replaced_by_empty_ones_only_when_that_is_asked_for(
    panel, picked, click, export, wait, qtbot
):
    export()
    assert not panel.outcome.question.isVisible()
    star = picked.exporter.folder / "disc0_autopick.star"
    picked.change("peaks", threshold=1e6)
    for answer, left in (("keep", 16), ("replace", 0)):
        export()
        question = panel.outcome.question
        assert question.isVisible()
        assert "disc0_autopick.star" in question.label.text()
        assert panel.outcome.headline.text() == "Nothing was written"
        assert len(read_coordinates(star)) == 16
        click(getattr(question, answer))
        wait(picked)
        assert not question.isVisible()
        assert len(read_coordinates(star)) == left


def test_the_list_of_included_micrographs_can_be_asked_for(panel, picked, click, export):
    click(panel.form.selection)
    assert picked.exporter.choice.selection
    export()
    assert "micrographs_selected.star is made from" in panel.outcome.messages.toPlainText()
    assert panel.form.selection.isChecked()
