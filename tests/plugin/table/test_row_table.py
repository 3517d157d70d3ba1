import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("qtpy")

from qtpy.QtCore import QStringListModel, Qt
from qtpy.QtGui import QStandardItem, QStandardItemModel
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_drpnet.plugin.table.row_table import RowTable

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def keys():
    return []


@pytest.fixture
def table(qtbot, keys):
    """Five rows of two columns in a window that notes the keys which the table leaves alone."""

    class Window(QWidget):
        def keyPressEvent(self, event):
            keys.append(event.key())

    window = Window()
    qtbot.addWidget(window)
    model = QStandardItemModel(window)
    for row in range(5):
        model.appendRow([QStandardItem(""), QStandardItem(f"name {row}")])
    table = RowTable(0)
    table.setModel(model)
    QVBoxLayout(window).addWidget(table)
    window.resize(300, 250)
    window.show()
    qtbot.waitExposed(window)
    yield table
    window.close()


@pytest.fixture
def chosen(table):
    chosen = []
    table.chosen.connect(lambda index: chosen.append(index.row()))
    return chosen


@pytest.fixture
def ticked(table):
    ticked = []
    table.ticked.connect(lambda index: ticked.append(index.row()))
    return ticked


def click(qtbot, table, row, column=1, button=LEFT, modifier=Qt.KeyboardModifier.NoModifier):
    place = table.visualRect(table.model().index(row, column)).center()
    qtbot.mouseClick(table.viewport(), button, modifier, place)


def selected(table):
    return sorted(index.row() for index in table.selectionModel().selectedRows())


def test_a_click_and_the_arrows_choose(table, chosen, ticked, qtbot):
    click(qtbot, table, 2)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_PageUp)
    assert chosen == [2, 3, 0]
    assert selected(table) == [0]
    qtbot.keyClick(table, Qt.Key.Key_Up)
    assert chosen == [2, 3, 0]
    assert ticked == []


def test_a_tick_neither_chooses_nor_selects(table, chosen, ticked, qtbot):
    click(qtbot, table, 1)
    click(qtbot, table, 3, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert selected(table) == [1, 2, 3]
    click(qtbot, table, 2, column=0)
    click(qtbot, table, 4, column=0)
    assert ticked == [2, 4]
    assert chosen == [1, 3]
    assert selected(table) == [1, 2, 3]


def test_two_quick_clicks_tick_twice(table, ticked, qtbot):
    place = table.visualRect(table.model().index(3, 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(table.viewport(), LEFT, pos=place)
    assert ticked == [3, 3]


def test_space_ticks_the_current_row(table, ticked, qtbot):
    click(qtbot, table, 3)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert ticked == [3]


def test_letters_are_left_to_the_window(table, chosen, keys, qtbot):
    click(qtbot, table, 3)
    qtbot.keyClick(table, Qt.Key.Key_N)
    qtbot.keyClick(table, Qt.Key.Key_BracketLeft)
    assert keys == [Qt.Key.Key_N, Qt.Key.Key_BracketLeft]
    assert chosen == [3]


def test_rows_that_go_choose_nothing(table, chosen, qtbot):
    click(qtbot, table, 2)
    table.model().removeRow(2)
    assert table.currentIndex().row() != -1
    assert chosen == [2]


def test_the_right_button_selects_but_does_not_choose(table, chosen, qtbot):
    click(qtbot, table, 2, button=Qt.MouseButton.RightButton)
    assert selected(table) == [2]
    assert chosen == []


def test_a_click_below_the_rows_chooses_nothing(table, chosen, ticked, qtbot):
    place = table.viewport().rect().bottomLeft()
    qtbot.mouseClick(table.viewport(), LEFT, pos=place)
    table.setModel(QStringListModel([]))
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert chosen == ticked == []
