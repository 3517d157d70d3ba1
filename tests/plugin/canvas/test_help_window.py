"""The tutorial, opened from napari's menu and from the start page."""

from qtpy.QtCore import Qt, QUrl

from napari_drpnet.plugin.controller import controller_of
from napari_drpnet.plugin.panels.picker import find_table


def test_the_tutorial_is_in_the_menu_help_and_on_the_start_page(window, qtbot):
    tutorial = controller_of(window.viewer).tutorial
    assert not tutorial.isVisible()
    (entry,) = (
        action
        for action in window.viewer.window.help_menu.actions()
        if action.text() == "DRPnet tutorial"
    )
    entry.trigger()
    assert tutorial.isVisible()
    assert "Ten minutes in the window" in tutorial.browser.toPlainText()
    assert "<!--" not in tutorial.browser.toPlainText()
    qtbot.keyClick(tutorial, Qt.Key.Key_Escape)
    assert not tutorial.isVisible()
    table = find_table(window.viewer.window)
    qtbot.mouseClick(table.tutorial, Qt.MouseButton.LeftButton)
    assert tutorial.isVisible()


def test_links_lead_to_other_pages_and_back_leads_back(window):
    window.session.view.show_tutorial = True
    tutorial = controller_of(window.viewer).tutorial
    first = tutorial.browser.source()
    assert not tutorial.back.isEnabled()
    tutorial.browser.setSource(first.resolved(QUrl("panels/correct.md")))
    assert tutorial.browser.toPlainText().startswith("Correct")
    tutorial.back.click()
    assert tutorial.browser.source() == first
