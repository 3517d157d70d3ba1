import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel, QWidget

from napari_drpnet.plugin.fields.controls import Foldable, Hint, column


@pytest.fixture
def panel(qtbot):
    """A panel with a hint between two labels."""
    panel = QWidget()
    panel.hint = Hint(marked=True)
    panel.setLayout(column(QLabel("above"), panel.hint, QLabel("below")))
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_a_hint_takes_room_only_while_it_has_something_to_say(panel):
    empty = panel.sizeHint().height()
    panel.hint.say("Open a micrograph.")
    assert panel.hint.isVisible()
    assert panel.sizeHint().height() > empty
    panel.hint.say("")
    assert not panel.hint.isVisible()
    assert panel.sizeHint().height() == empty


def test_a_hint_shows_its_text_as_it_is(panel):
    panel.hint.say("a <b> & c")
    assert "●" in panel.hint.text()
    assert "a &lt;b&gt; &amp; c" in panel.hint.text()
    assert panel.hint.accessibleName() == "a <b> & c"
    panel.hint.say("calm", marked=False)
    assert panel.hint.text() == "calm"


def test_a_hint_without_a_panel_opens_no_window(qtbot):
    before = set(QApplication.topLevelWidgets())
    hint = Hint()
    hint.say("words")
    assert not hint.isVisible()
    panel = QWidget()
    qtbot.addWidget(panel)
    panel.setLayout(column(hint))
    panel.show()
    assert hint.isVisible()
    assert set(QApplication.topLevelWidgets()) - before <= {panel, hint}


def test_a_long_hint_makes_no_panel_wider(panel):
    before = panel.sizeHint().width()
    panel.hint.say("a long sentence " * 20)
    assert panel.sizeHint().width() == before


def test_a_click_on_its_title_opens_and_closes_a_part(qtbot):
    content = QLabel("inside")
    part = Foldable("More", content, "What is rarely needed")
    qtbot.addWidget(part)
    part.show()
    assert not content.isVisible()
    qtbot.mouseClick(part.button, Qt.MouseButton.LeftButton)
    assert content.isVisible()
    assert part.button.text() == "▾ More"
    qtbot.mouseClick(part.button, Qt.MouseButton.LeftButton)
    assert not content.isVisible()
    assert part.button.text() == "▸ More"
