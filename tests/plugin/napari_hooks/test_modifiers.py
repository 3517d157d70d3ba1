"""Modifier keys, whichever widget has the focus."""

import pytest

pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLineEdit, QMainWindow

from napari_drpnet.plugin.napari_hooks.modifiers import Modifiers


@pytest.mark.parametrize("shown_before", [True, False])
def test_they_are_told_when_pressed_and_when_released(qtbot, shown_before):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(QLineEdit())
    seen = []
    if shown_before:
        window.show()
    modifiers = Modifiers(window)
    modifiers.changed.connect(seen.append)
    window.show()
    qtbot.waitExposed(window)
    handle, shift = window.windowHandle(), Qt.KeyboardModifier.ShiftModifier
    QTest.keyPress(handle, Qt.Key.Key_Shift)
    QTest.keyClick(handle, Qt.Key.Key_X)
    QTest.keyRelease(handle, Qt.Key.Key_Shift)
    assert seen == [{"Shift"}, set()]
    QTest.keyPress(handle, Qt.Key.Key_Alt, shift)
    assert seen[-1] == {"Shift", "Alt"}
