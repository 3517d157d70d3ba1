"""The window as a whole: what is how large, and what the wheel, Tab and a resting mouse do."""

from itertools import pairwise

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QMainWindow,
    QSlider,
    QWidget,
)
from superqt import QElidingLabel

from napari_drpnet.plugin.panels.picker import find_table

TABS = ("Pick", "Segment", "Classify", "Correct", "Gallery", "Train", "Compare", "Export", "View")
SMALL = 1366, 768


@pytest.fixture
def window(shared_window):
    """The window on a small screen."""
    shared_window.viewer.window.resize(*SMALL)
    return shared_window


@pytest.fixture
def picked(window, discs):
    """The same with a micrograph picked and all fields open."""
    window.open(discs)
    window.pick()
    window.session.exporter.choose(formats=(".box", ".csv"))
    display = window.session.view.display
    window.session.view.display = display.model_copy(update={"lowpass_angstrom": 20.0})
    window.picker.tabs.widget(0).widget().peaks.more.button.setChecked(True)
    window.wait()
    return window


def tabs(window):
    """Show tab after tab."""
    for title in TABS:
        window.picker.show_tab(title)
        window.settle()
        yield window.picker.tabs.currentWidget()


def pages(window):
    """Show tab after tab, and the table last."""
    yield from tabs(window)
    yield find_table(window.viewer.window)


def controls(page):
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider)
    return [w for w in page.findChildren(QWidget) if isinstance(w, kinds) and w.isVisible()]


def turn_wheel(widget, steps):
    middle = widget.rect().center()
    event = QWheelEvent(
        QPointF(middle),
        QPointF(widget.mapToGlobal(middle)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def everything(window):
    session = window.session
    view = session.view
    status_filter = find_table(window.viewer.window).filter.status.currentIndex()
    looks = view.brush_diameters, view.map_opacity, view.display, view.show_rejected
    return session.project.settings, session.exporter.choice, looks, status_filter


def test_the_micrograph_keeps_the_middle_of_a_small_screen(picked):
    main = picked.picker.window()
    assert isinstance(main, QMainWindow)
    docks = {dock.windowTitle(): dock for dock in main.findChildren(QDockWidget)}
    table = find_table(picked.viewer.window)
    assert picked.picker.width() <= 440  # nine tabs whose titles are whole
    assert table.height() <= 150
    right = next(dock for dock in docks.values() if dock.isAncestorOf(picked.picker))
    bottom = next(dock for dock in docks.values() if dock.isAncestorOf(table))
    assert right.geometry().bottom() >= bottom.geometry().bottom()  # the panels have all the height
    assert picked.canvas.height() > 0.7 * main.height()
    assert picked.canvas.width() > 0.46 * main.width()


def test_a_key_leaves_only_the_canvas_and_brings_the_rest_back(picked):
    table, main = find_table(picked.viewer.window), picked.picker.window()
    size = picked.canvas.size()
    picked.press("W")
    assert not picked.picker.isVisible()
    assert not table.isVisible()
    assert picked.canvas.width() > 0.95 * main.width()
    picked.press("W")
    assert picked.picker.isVisible()
    assert table.isVisible()
    assert picked.canvas.size() == size


def test_all_titles_of_tabs_are_seen_whole(picked):
    bar = picked.picker.tabs.tabBar()
    metrics = bar.fontMetrics()
    for k, title in enumerate(TABS):
        assert bar.tabText(k) == title
        assert bar.tabRect(k).width() >= metrics.horizontalAdvance(title)
        assert bar.tabRect(k).height() >= metrics.height() + 2
    assert bar.tabRect(len(TABS) - 1).right() <= picked.picker.width()


def test_no_page_is_wider_than_its_dock(picked):
    for page in tabs(picked):
        assert page.widget().minimumSizeHint().width() <= page.viewport().width()


def test_the_wheel_scrolls_and_changes_nothing(picked):
    picked.canvas.setFocus()
    before = everything(picked)
    for page in pages(picked):
        for widget in controls(page):
            turn_wheel(widget, 1)
            turn_wheel(widget, -2)
            assert everything(picked) == before, (type(widget), widget.toolTip())


def test_everything_that_does_something_says_what(picked):
    for page in pages(picked):
        for widget in controls(page):
            around = widget
            while not around.toolTip() and around is not page:
                around = around.parentWidget()  # as Qt looks for it
            assert around.toolTip(), (type(widget), widget.accessibleName())


def test_tab_goes_from_top_to_bottom(picked):
    for page in tabs(picked):
        rows, widget = [], page.nextInFocusChain()
        while widget is not page:
            takes_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            if page.isAncestorOf(widget) and widget.isVisible() and widget in controls(page):
                rows += [widget.mapTo(page, QPoint(0, widget.height() // 2)).y()] * bool(takes_tab)
            widget = widget.nextInFocusChain()
        assert rows
        assert all(below >= above - 8 for above, below in pairwise(rows))


def test_pick_without_a_pixel_size_leads_to_its_field_from_any_tab(window, tmp_path, write_discs):
    write_discs(tmp_path / "unknown.mrc", pixel_size=0)
    window.session.open_paths([tmp_path / "unknown.mrc"])
    window.wait()
    window.session.change("particle", diameter_angstrom=36.0)
    window.picker.show_tab("View")
    window.settle()
    window.press("Ctrl+Return")
    page = window.picker.tabs.currentWidget().widget()
    assert page.window().focusWidget() is page.particle.pixel_size[0].native


def test_an_automatic_cut_that_accepts_nothing_says_why_until_a_number_is_typed(
    window, discs, automatic_weights, qtbot, type_into
):
    window.open(discs)
    window.session.change("classifier", classifier=automatic_weights(least_f1=0.99))
    window.pick()
    current = window.session.current
    assert (current.accepted_count, current.above_count) == (0, 16)
    advice = window.picker.tabs.widget(TABS.index("Pick")).widget().advice.hints["picks"]
    assert advice.isVisible()
    assert advice.text().count("promises") == 1
    table = find_table(window.viewer.window)
    assert "promises" in table.rows.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)

    window.picker.show_tab("Classify")
    window.settle()
    classify = window.picker.tabs.currentWidget().widget()
    assert classify.accept.value == current.decision.cut.accept
    assert "nothing is accepted" in classify.rule.text()
    type_into(classify.accept.number, "0.5")
    assert current.accepted_count == 16
    assert classify.expected.text() == "expected: precision 0.73, recall 1.00, F1 0.84"
    assert advice.isHidden()
    qtbot.mouseClick(classify.accept.reset, Qt.MouseButton.LeftButton)
    assert current.accepted_count == 0
    assert window.session.project.settings.classifier.accept is None


def test_a_message_is_shown_whole_with_the_path_at_its_end(window):
    path = "/data/of/the/whole/night/" * 6 + "a.mrc"
    window.session.notify("error", f"{path}: it is blank. Leave this micrograph out.")
    window.settle()
    host = window.picker.controller.host.parent()
    notifications = [each for each in host.findChildren(QDialog) if each.property("expanded")]
    shown = notifications[-1]
    label = shown.findChild(QElidingLabel)
    assert label.text().startswith("a.mrc: it is blank. Leave this micrograph out.\n/data/of")
    assert label.text().replace("\n", "").endswith(path)
    needed = shown.sizeHint().height()
    assert needed > 5 * label.fontMetrics().height()
    # While it unfolds, the hint may be a pixel more than when it began.
    assert shown.geom_anim.endValue().height() >= needed - 2
