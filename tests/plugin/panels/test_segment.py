"""Panel Segment."""

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_drpnet.plugin.panels.micrographs import MicrographsPanel
from napari_drpnet.plugin.panels.segment import SegmentPanel
from napari_drpnet.plugin.table.micrograph_row import Column


@pytest.fixture
def dirty(tmp_path, write_dirty):
    paths = [tmp_path / "dirty" / f"dirty{k}.mrc" for k in range(2)]
    return {path: write_dirty(path, seed=k) for k, path in enumerate(paths)}


@pytest.fixture
def panel(qtbot, viewer, session, wait, use_toy_segmenter, dirty):
    panel = SegmentPanel(viewer)
    qtbot.addWidget(panel)
    panel.resize(320, 700)
    panel.show()
    session.open_paths(list(dirty))
    wait(session)
    session.change("particle", diameter_angstrom=36.0, polarity="dark")
    return panel


def press(panel, wait):
    panel.segment.click()
    wait(panel.session)


def shown(panel):
    """The names of the sliders that are shown."""
    names = (
        *("dirt_probability", "least_speck", "clearance"),
        *("probability", "least_area", "greatest_area", "erosion"),
    )
    return {name for name in names if getattr(panel.limits, name).isVisible()}


def test_the_button_segments_and_the_legend_has_the_shares(panel, session, wait):
    assert panel.legend.texts["carbon"].text() == "carbon"
    assert not panel.dirty.isVisible()
    press(panel, wait)
    found = session.segmenting.shown
    assert panel.legend.texts["carbon"].text() == f"carbon {found.shares['carbon']:.1%}"
    assert panel.dirty.accessibleName() == f"Dirty area: {found.dirt.area:.1%}"
    session.step(1)
    wait(session)
    assert panel.legend.texts["carbon"].text() == "carbon"


def test_without_a_segmenter_it_says_which_one_it_uses(panel, session, wait):
    assert panel.about.accessibleName() == "Segment uses the weights segmenter-default."
    assert shown(panel) == {"dirt_probability", "least_speck"}
    assert panel.limits.counts.accessibleName().startswith("Picks on dirt are not rejected")
    panel.segmenter.weights.value = "default"
    assert session.project.settings.segmenter.segmenter == "default"
    assert panel.about.accessibleName() == ""
    assert shown(panel) == {"dirt_probability", "least_speck", "clearance"}


def test_a_segmenter_as_detector_has_sliders_for_its_picks(panel, session, wait, toy_segmenter):
    session.change("detector", weights=toy_segmenter)
    assert len(shown(panel)) == 7
    assert panel.limits.greatest_area.value == 1000
    session.picking.pick_current()
    wait(session)
    found = session.current.above_count
    assert found > 0
    panel.limits.greatest_area.number.setValue(0.11)
    wait(session)
    assert session.project.settings.segmenter.greatest_area == 0.11
    assert session.current.above_count < found
    panel.limits.greatest_area.reset.click()
    wait(session)
    assert session.current.above_count == found


def test_recommended_values_are_those_of_the_segmenter_that_is_used(panel, session):
    session.change("segmenter", segmenter="default")
    assert panel.limits.clearance.value == 0.6
    session.change("segmenter", clearance=1.0)
    panel.limits.clearance.reset.click()
    assert session.project.settings.segmenter.clearance is None


def test_picks_on_dirt_are_counted(panel, session, wait):
    session.change("segmenter", segmenter="default")
    session.picking.pick_current()
    wait(session)
    decision = session.current.decision
    assert panel.limits.counts.accessibleName() == decision.describe_dirt()
    assert decision.on_dirt.any()


def test_nearly_everything_dirty_is_said_in_panel_and_table(panel, session, wait, qtbot, viewer):
    table = MicrographsPanel(viewer)
    qtbot.addWidget(table)
    press(panel, wait)
    assert not panel.warning.isVisible()
    session.change("segmenter", dirt_probability=0.0)
    wait(session)
    assert "more than 80%" in panel.warning.accessibleName()
    assert panel.warning.isVisible()
    assert table.rows.index(0, Column.DIRTY).data() == "100.0% ⚠"


def test_the_table_shows_and_filters_dirt_once_any_is_known(panel, session, wait, qtbot, viewer):
    table = MicrographsPanel(viewer)
    qtbot.addWidget(table)
    table.show()
    qtbot.waitUntil(lambda: table.view.isColumnHidden(Column.DIRTY))
    assert not table.filter.dirty.isVisible()
    press(panel, wait)
    qtbot.waitUntil(lambda: not table.view.isColumnHidden(Column.DIRTY))
    assert table.filter.dirty.isVisible()
    table.filter.dirty.setValue(10)
    assert table.rows.rowCount() == 1
    table.filter.dirty.setValue(90)
    assert table.rows.rowCount() == 0
    table.filter.dirty.setValue(0)
    assert table.rows.rowCount() == 2


def test_the_overlay_is_set_from_the_panel(panel, session):
    view = session.view
    panel.classes.click()
    assert not view.show_classes
    assert not panel.lines.isEnabled()
    panel.classes.click()
    panel.lines.click()
    assert view.classes_as_lines
    panel.opacity.slider.setValue(30)
    assert view.classes_opacity == pytest.approx(0.3)
    view.classes_opacity = 0.8
    assert panel.opacity.percent.text() == "80 %"


def test_segmenting_can_be_cancelled(panel, session, wait, detector_gate):
    panel.segment.click()
    assert detector_gate.reached.wait(100)
    panel.progress.cancel.click()
    detector_gate.opened.set()
    wait(session)
    assert session.segmenting.shown is None
    assert panel.segment.isVisible()


def test_why_it_failed_is_said_until_the_next_attempt(panel, session, wait, dirty):
    path = next(iter(dirty))
    content = path.read_bytes()
    path.write_bytes(b"nothing")
    press(panel, wait)
    assert panel.failure.accessibleName()
    path.write_bytes(content)
    press(panel, wait)
    assert panel.failure.accessibleName() == ""
