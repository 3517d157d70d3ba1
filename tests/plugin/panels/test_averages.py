"""2D averages in the panel Gallery: made, looked at, and decided class by class."""

import numpy as np
import pytest

pytest.importorskip("napari")

from qtpy.QtCore import Qt, QTimer

from napari_drpnet.evaluation.averages.classes import ClassAverages
from napari_drpnet.plugin.panels.gallery import GalleryPanel
from napari_drpnet.project.points.review import is_accepted
from napari_drpnet.project.stages import averages as stage

LEFT = Qt.MouseButton.LeftButton


def sort_boxes(boxes, seed, job):
    """Sort boxes into three classes without looking at them; the last one looks like junk."""
    job.advance(1, 2, "averaging")
    classes = np.sort(np.arange(len(boxes)) % 6 % 4 % 3)
    ones = np.ones(len(boxes), np.float32)
    return ClassAverages(
        np.stack([boxes[classes == k].mean(axis=0) for k in range(3)]),
        classes,
        ones,
        np.ones((3, 12), np.float32),
        np.array([0, 0, 1], np.float32),
        np.ones(3, np.float32),
    )


@pytest.fixture
def panel(picked, viewer, qtbot, wait, monkeypatch):
    """The panel Gallery, shown beside three micrographs of 16 picks each."""
    monkeypatch.setattr(stage, "average_classes", sort_boxes)
    panel = GalleryPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(344, 700)
    panel.show()
    picked.session.picking.pick_all()
    wait(picked.session)
    return panel


@pytest.fixture
def follow(qtbot, wait):
    """A function that waits until a panel has followed the session."""

    def follow(panel):
        timers = [timer for timer in panel.findChildren(QTimer) if timer.isSingleShot()]
        for _ in range(2):
            wait(panel.session)
            qtbot.waitUntil(lambda: not any(timer.isActive() for timer in timers))

    return follow


@pytest.fixture
def press(qtbot, follow):
    def press(panel, button):
        qtbot.mouseClick(button, LEFT)
        follow(panel)

    return press


@pytest.fixture
def averaged(panel, press):
    """The panel with averages, of which none is chosen."""
    press(panel, panel.averages.start)
    assert panel.averages.classes.isVisible()
    return panel


@pytest.fixture
def click_class(qtbot, follow):
    def click(panel, number):
        classes = panel.averages.classes
        place = classes.visualItemRect(classes.item(number)).center()
        qtbot.mouseClick(classes.viewport(), LEFT, pos=place)
        follow(panel)

    return click


def listed(panel):
    """The places of the gallery by micrograph."""
    places = {}
    for part, row in (panel.session.gallery.listing[k] for k in range(count(panel))):
        places.setdefault(part.record.id, set()).add(tuple(part.centers_yx[row]))
    return places


def count(panel):
    return len(panel.session.gallery.listing)


def tooltips(panel):
    classes = panel.averages.classes
    return [classes.item(number).toolTip() for number in range(classes.count())]


def test_without_averages_there_is_only_a_button(panel):
    averages = panel.averages
    assert averages.start.isVisible()
    assert averages.start.text() == "2D averages…"
    assert not averages.body.isVisible()


def test_averages_have_their_counts_and_suspected_junk_is_named(averaged):
    classes = averaged.averages.classes
    counts = [int(classes.item(k).text()) for k in range(3)]
    assert counts == averaged.session.averager.averages.result.counts.tolist()
    assert sum(counts) == 48
    first, _, last = tooltips(averaged)
    assert first == f"Class 1: {counts[0]} picks"
    assert "Looks like junk" in last
    assert "only a suggestion" in last
    assert not averaged.averages.accept.isEnabled()


def test_all_averages_have_one_grey_scale(averaged):
    averages = averaged.session.averager.averages
    order = np.argsort(averages.result.averages, axis=None)
    assert (np.diff(averages.greys.ravel()[order].astype(int)) >= 0).all()
    assert averages.greys.min() == 0
    assert averages.greys.max() == 255


def test_a_click_lists_the_members_and_close_lists_all_picks_again(averaged, click_class, press):
    panel, averages = averaged, averaged.averages
    before = listed(panel)
    assert count(panel) == 16
    click_class(panel, 1)
    members = averaged.session.averager.averages.members(1)
    assert listed(panel) == {name: set(map(tuple, places)) for name, places in members.items()}
    assert averages.hint.accessibleName() == f"Class 2: {count(panel)} picks, listed below."
    assert not panel.boxes["scope"].isEnabled()
    press(panel, averages.close_averages)
    assert listed(panel) == before
    assert panel.boxes["scope"].isEnabled()
    assert not averages.body.isVisible()
    assert averages.start.text() == "2D averages…"


def test_a_class_is_listed_from_its_beginning(averaged, click_class, follow):
    panel = averaged
    panel.resize(344, 300)
    for number in (0, 1):
        bar = panel.view.verticalScrollBar()
        bar.setValue(bar.maximum())
        assert bar.value() > 0
        click_class(panel, number)
        assert bar.value() == 0


def test_closed_averages_are_opened_again_without_averaging(averaged, press, monkeypatch):
    averages = averaged.averages
    press(averaged, averages.close_averages)
    made = averaged.session.averager.averages
    press(averaged, averages.start)
    assert averages.body.isVisible()
    assert averaged.session.averager.averages is made
    press(averaged, averages.start)
    assert averaged.session.averager.averages is not made


@pytest.mark.parametrize("accepted", [True, False])
def test_a_class_is_decided_marked_and_undone_as_one_step(averaged, click_class, press, accepted):
    panel, averages, session = averaged, averaged.averages, averaged.session
    click_class(panel, 2)
    before = [session.project.labels(name) for name in session.project.micrographs]
    picture = averages.classes.item(2).icon().pixmap(56).toImage()
    press(panel, averages.accept if accepted else averages.reject)
    states = session.gallery.listing.column("states")
    assert len(states) == averaged.session.averager.averages.result.counts[2]
    assert (is_accepted(states) == accepted).all()
    assert ("accepted" if accepted else "rejected") in tooltips(panel)[2].split("\n")
    assert averages.classes.item(2).icon().pixmap(56).toImage() != picture
    assert tooltips(panel)[1].count("\n") == 0
    assert not averages.outdated.isVisible()
    session.undo()
    press(panel, averages.close_averages)
    press(panel, averages.start)
    assert [session.project.labels(name) for name in session.project.micrographs] == before
    assert averages.classes.item(2).icon().pixmap(56).toImage() == picture


def test_undo_of_a_class_is_followed(averaged, click_class, press, follow):
    panel = averaged
    click_class(panel, 0)
    press(panel, panel.averages.reject)
    panel.session.undo()
    follow(panel)
    assert "rejected" not in tooltips(panel)[0]
    assert is_accepted(panel.session.gallery.listing.column("states")).all()


def test_a_label_of_one_pick_makes_the_averages_those_of_earlier_picks(averaged, follow, press):
    panel, session = averaged, averaged.session
    assert not panel.averages.outdated.isVisible()
    session.current.set_label([0], accepted=False)
    follow(panel)
    assert "of earlier picks" in panel.averages.outdated.accessibleName()
    session.undo()
    follow(panel)
    assert not panel.averages.outdated.isVisible()
    session.current.set_label([0], accepted=False)
    press(panel, panel.averages.start)
    assert not panel.averages.outdated.isVisible()
    assert len(session.averager.averages.centers_yx) == 47


def test_other_settings_make_the_averages_those_of_earlier_picks(averaged, follow):
    averaged.session.change("peaks", threshold=3.0)
    follow(averaged)
    assert averaged.averages.outdated.isVisible()


def test_too_few_picks_are_explained(panel, press, monkeypatch):
    monkeypatch.setattr(stage, "LEAST_POINTS", 49)
    press(panel, panel.averages.start)
    assert "at least 49 accepted picks" in panel.averages.failure.accessibleName()
    assert panel.averages.failure.isVisible()
    assert not panel.averages.body.isVisible()


def test_a_missing_file_is_named(panel, press):
    notices = []
    panel.session.noticed.connect(notices.append)
    paths = [record.path for record in panel.session.project.micrographs.values()]
    paths[1].unlink()
    press(panel, panel.averages.start)
    assert [notice.text for notice in notices] == [
        "Left out, since the file is missing: disc1.mrc."
    ]
    assert len(panel.session.averager.averages.centers_yx) == 32
    paths[2].unlink()
    press(panel, panel.averages.start)
    assert panel.averages.failure.accessibleName() == (
        "2D averages need at least 20 accepted picks. "
        "Left out, since the file is missing: disc1.mrc and 1 more."
    )
    assert panel.averages.body.isVisible()  # the earlier ones


def test_before_a_diameter_is_given_the_user_is_told(viewer, session, qtbot, press):
    panel = GalleryPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    notices = []
    session.noticed.connect(notices.append)
    press(panel, panel.averages.start)
    assert [notice.text for notice in notices] == ["Give the particle diameter first."]


def test_averaging_is_cancelled_in_place_of_its_button(panel, qtbot, gate_before, press, follow):
    gate = gate_before(stage, "average_classes")
    averages = panel.averages
    qtbot.mouseClick(averages.start, LEFT)
    qtbot.waitUntil(averages.progress.bar.isVisible)
    qtbot.waitUntil(gate.reached.is_set)
    assert not averages.start.isVisible()
    qtbot.mouseClick(averages.progress.cancel, LEFT)
    gate.opened.set()
    follow(panel)
    qtbot.waitUntil(averages.start.isVisible)
    assert panel.session.averager.averages is None


def test_another_project_drops_averages_that_are_being_made(
    panel, qtbot, gate_before, follow, tmp_path
):
    gate = gate_before(stage, "average_classes")
    qtbot.mouseClick(panel.averages.start, LEFT)
    qtbot.waitUntil(gate.reached.is_set)
    assert panel.session.open_project(tmp_path / "other")
    gate.opened.set()
    follow(panel)
    qtbot.waitUntil(panel.averages.start.isVisible)
    assert panel.session.averager.averages is None
    assert not panel.averages.body.isVisible()


def test_another_project_closes_the_averages(averaged, click_class, follow, tmp_path):
    click_class(averaged, 1)
    assert averaged.session.open_project(tmp_path / "other")
    follow(averaged)
    assert not averaged.averages.body.isVisible()
    assert averaged.session.gallery.members is None
    assert averaged.boxes["scope"].isEnabled()


def test_two_panels_show_the_same_class(averaged, viewer, click_class, follow, qtbot):
    other = GalleryPanel(viewer)
    qtbot.addWidget(other)
    other.show()
    click_class(averaged, 2)
    follow(other)
    assert other.averages.classes.chosen == 2
    assert other.averages.reject.isEnabled()
