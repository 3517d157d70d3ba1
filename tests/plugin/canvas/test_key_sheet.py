"""The list of keys, as the user opens and closes it."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.project.actions import ACTIONS, GESTURES, PAINTING


def test_the_key_shows_and_hides_the_list_of_all_keys(window):
    sheet = controller_of(window.viewer).keys
    assert not sheet.isVisible()
    window.press("?")
    assert sheet.isVisible()
    words = {label.text() for label in sheet.findChildren(QLabel)}
    assert {action.key for action in ACTIONS.values() if action.key} <= words
    assert {gesture for gesture, _ in (*GESTURES, *PAINTING)} <= words
    for label in sheet.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width())
    window.press("?")
    assert not sheet.isVisible()


def test_a_list_that_was_closed_opens_again(window, qtbot):
    sheet = controller_of(window.viewer).keys
    window.press("?")
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert not window.session.view.show_keys
    window.press("?")
    assert sheet.isVisible()
