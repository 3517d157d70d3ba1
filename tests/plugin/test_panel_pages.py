"""The pages of the panels name what is on the panels."""

import re
from pathlib import Path

import pytest

pytest.importorskip("napari")

from qtpy.QtWidgets import QAbstractButton, QLabel, QTreeWidget, QWidget

from napari_drpnet.plugin.fields.controls import LABEL_WIDTH
from napari_drpnet.plugin.panels.classify import ClassifyPanel
from napari_drpnet.plugin.panels.compare import ComparePanel
from napari_drpnet.plugin.panels.correct import CorrectPanel
from napari_drpnet.plugin.panels.export import ExportPanel
from napari_drpnet.plugin.panels.gallery import GalleryPanel
from napari_drpnet.plugin.panels.micrographs import MicrographsPanel
from napari_drpnet.plugin.panels.overview import OverviewPanel
from napari_drpnet.plugin.panels.pick import PickPanel
from napari_drpnet.plugin.panels.segment import SegmentPanel
from napari_drpnet.plugin.panels.strokes import StrokesPanel
from napari_drpnet.plugin.panels.train import TrainPanel
from napari_drpnet.plugin.panels.view import ViewPanel
from napari_drpnet.plugin.table.micrograph_row import HEADERS

PAGES = Path(__file__).parents[2] / "docs" / "panels"
PANELS = {
    "classify": ClassifyPanel,
    "compare": ComparePanel,
    "correct": CorrectPanel,
    "export": ExportPanel,
    "gallery": GalleryPanel,
    "micrographs": MicrographsPanel,
    "overview": OverviewPanel,
    "pick": PickPanel,
    "segment": SegmentPanel,
    "strokes": StrokesPanel,
    "train": TrainPanel,
    "view": ViewPanel,
}


def texts_on(panel):
    readers = ("text", "title", "placeholderText")
    for widget in panel.findChildren(QWidget):
        yield from (getattr(widget, name)() for name in readers if hasattr(widget, name))


def test_every_panel_has_a_page():
    assert {page.stem for page in PAGES.glob("*.md")} == set(PANELS)


@pytest.mark.parametrize("name", PANELS)
def test_what_is_bold_on_a_page_is_on_its_panel(name, qtbot, viewer, session):
    panel = PANELS[name](viewer)
    qtbot.addWidget(panel)
    shown = [*texts_on(panel), *(title for title, _ in HEADERS.values())]
    bold = set(re.findall(r"\*\*(.+?)\*\*", (PAGES / f"{name}.md").read_text(encoding="utf-8")))
    assert bold
    lost = {word for word in bold if not any(f"{text} ".startswith(f"{word} ") for text in shown)}
    assert lost == set()


@pytest.mark.parametrize("name", PANELS)
def test_titles_begin_with_a_capital(name, qtbot, viewer, session):
    panel = PANELS[name](viewer)
    qtbot.addWidget(panel)
    labels = [each for each in panel.findChildren(QLabel) if each.maximumWidth() == LABEL_WIDTH]
    titles = [part.text() for part in (*labels, *panel.findChildren(QAbstractButton))]
    assert titles
    assert [title for title in titles if title[:1].islower()] == []


def test_tables_of_numbers_have_titles_that_begin_with_a_capital(qtbot, viewer, session):
    for kind in (ComparePanel, TrainPanel):
        panel = kind(viewer)
        qtbot.addWidget(panel)
        texts = [label.text() for label in panel.findChildren(QLabel)]
        for table in panel.findChildren(QTreeWidget):
            header = table.headerItem()
            texts += [header.text(column) for column in range(header.columnCount())]
        assert [text for text in texts if text[:1].islower()] == []
