"""Panel Overview: figures of all micrographs, and the exclusion of those beyond a limit."""

import napari
from napari.components import ViewerModel
from qtpy.QtCore import QSignalBlocker, QSize
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QDockWidget,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from napari_drpnet.plugin.fields.controls import Hint, Soon, column, guard_wheel
from napari_drpnet.plugin.napari_hooks.docks import title_beside
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.plots.histogram_plot import HistogramPlot
from napari_drpnet.plugin.plots.plot import ACCENT
from napari_drpnet.plugin.plots.scatter_plot import ScatterPlot
from napari_drpnet.project.controllers.overview import ORDER, SIDES, TITLES, Standing

_SIZE = QSize(900, 190)
#: Width from which controls, histogram and scatter plot are side by side.
_WIDE = 620
_CONTROLS_WIDTH = 270
_ANY_WIDTH = 16_777_215  # Qt's greatest width
#: Least interval between two updates for new results, in milliseconds.
_RENEW_EVERY_MS = 100
#: Colours of the micrographs, by `Standing`.
_ORANGE = "#e08a00"
_COLORS = {Standing.EXCLUDED: "", Standing.KEPT: ACCENT, Standing.BEYOND: _ORANGE}
_SIDE_TITLES = {"min": "below line", "max": "above line"}
_EMPTY = "No micrographs with this figure yet"
_TOOLTIPS = {
    "count": "Number of accepted picks",
    "mean_fom": "Mean figure of merit of the accepted picks: P(particle), or without a "
    "classifier the height",
    "expected_precision": "Expected share of particles among the accepted picks, from P(particle)",
    "expected_f1": "Expected F1 of the accepted picks, from P(particle)",
    "contamination": "Share of the picks above the threshold that are on dirt or no particles",
    "dirty_area": "Share of dirt in the micrograph; known with a segmenter",
    "defocus": "Mean defocus, from RELION's list",
    ORDER: "Place in the list of micrographs",
}


class OverviewPanel(Panel):
    """Panel with a histogram and a scatter plot of the figures of all micrographs.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari when the panel is opened from a menu.

    Attributes
    ----------
    figure, against, side : QComboBox
        Figure that is shown, figure on the other axis, and side of the line that is excluded.
    told : Hint
        What the line would exclude, in numbers.
    exclude : QPushButton
        Button that excludes these micrographs.
    histogram : HistogramPlot
        Number of included micrographs by the figure, with the line.
    scatter : ScatterPlot
        One dot for each micrograph, with the line.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._overview = self.session.overview
        self.histogram = HistogramPlot(empty_text=_EMPTY, dropped=_ORANGE)
        self.scatter = ScatterPlot(tuple(_COLORS[each] for each in Standing), empty_text=_EMPTY)
        self.scatter.describe = lambda dot: self._overview.describe(self._ids[dot])
        self.scatter.setToolTip("Click a dot to show that micrograph; drag the line")
        self._ids: tuple[str, ...] = ()
        self._controls = self._make_controls()
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(6, 4, 6, 4)
        self._layout.addWidget(self._controls)
        self._layout.addWidget(self.histogram, 1)
        self._layout.addWidget(self.scatter, 2)
        self._soon = Soon(self, self._show_all, _RENEW_EVERY_MS)
        self._listen()
        self._show_all()

    def sizeHint(self) -> QSize:
        """Return the preferred size: wide, with the height of the table of micrographs."""
        return _SIZE

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the parts side by side if there is room, else one below the other."""
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        self._controls.setMinimumWidth(_CONTROLS_WIDTH if is_wide else 0)
        self._controls.setMaximumWidth(_CONTROLS_WIDTH if is_wide else _ANY_WIDTH)

    def _make_controls(self) -> QWidget:
        self.figure, self.against, self.side = QComboBox(), QComboBox(), QComboBox()
        for box in (self.figure, self.against):
            for name, title in TITLES.items():
                if box is self.against or name != ORDER:
                    box.addItem(title, name)
                    box.setItemData(box.count() - 1, _TOOLTIPS[name], 3)
        self.figure.setToolTip("Figure in the histogram and on the vertical axis")
        self.against.setToolTip("Figure on the horizontal axis")
        self.side.setToolTip("Side of the line whose micrographs the button excludes")
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        for title, box in (("Figure", self.figure), ("Against", self.against)):
            guard_wheel(box)
            box.setMinimumHeight(box.sizeHint().height())
            rows.addRow(title, box)
        guard_wheel(self.side)
        self.side.setMinimumHeight(self.figure.sizeHint().height())
        self.exclude = QPushButton("Exclude")
        self.exclude.setToolTip(
            "Exclude these micrographs from Pick all and from exports; Ctrl+Z includes them again"
        )
        limit = QHBoxLayout()
        limit.addWidget(self.side, 1)
        limit.addWidget(self.exclude)
        rows.addRow("Exclude", limit)
        self.told = Hint()
        controls = QWidget()
        layout = column(self.told, spacing=4)
        layout.insertLayout(0, rows)
        layout.addStretch(1)
        controls.setLayout(layout)
        return controls

    def _listen(self) -> None:
        session, overview = self.session, self._overview
        self.figure.activated.connect(lambda _: overview.choose(self.figure.currentData()))
        self.against.activated.connect(lambda _: overview.choose(None, self.against.currentData()))
        self.side.activated.connect(lambda _: overview.choose_side(self.side.currentData()))
        self.exclude.clicked.connect(self._exclude)
        self.histogram.cut_dragged.connect(overview.set_limit)
        self.scatter.cut_dragged.connect(lambda _, limit: overview.set_limit(limit))
        self.scatter.dot_clicked.connect(lambda dot: session.current.select(self._ids[dot]))
        self.listen(overview.changed, self._show_all)
        self.listen(session.micrographs_changed, self._renew)
        self.listen(session.current.changed, self._mark_current)

    # ---- updates from the session

    def _renew(self, _: object = None) -> None:
        """Show new results soon: many may come in a moment."""
        self._soon.ask()

    def _show_all(self) -> None:
        self._show_choice()
        self._show_histogram()
        self._show_dots()
        exclusion = self._overview.exclusion
        self.told.say(exclusion.text)
        count = len(exclusion.ids)
        self.exclude.setEnabled(count > 0)
        self.exclude.setText(f"Exclude {count:,}" if count else "Exclude")

    def _show_choice(self) -> None:
        overview, sides = self._overview, SIDES[self._overview.figure]
        boxes = ((self.figure, overview.figure), (self.against, overview.against))
        for box, name in boxes:
            box.setCurrentIndex(box.findData(name))
        with QSignalBlocker(self.side):
            self.side.clear()
            for side in sides:
                self.side.addItem(_SIDE_TITLES[side], side)
            self.side.setCurrentIndex(self.side.findData(overview.side))
        self.side.setEnabled(len(sides) > 1)

    def _show_histogram(self) -> None:
        overview = self._overview
        histogram = overview.histogram()
        self.histogram.set_caption(TITLES[overview.figure])
        if histogram is None:
            self.histogram.clear()
        else:
            self.histogram.set_histogram(histogram.edges, histogram.counts)
        self.histogram.set_cut(overview.line, keeps_below=overview.side == "max")

    def _show_dots(self) -> None:
        overview, dots = self._overview, self._overview.dots()
        x, y = overview.against, overview.figure
        self._ids = dots.ids
        self.scatter.set_axes(overview.axis(x), overview.axis(y), TITLES[x], TITLES[y])
        self.scatter.set_dots(dots.x, dots.y, dots.standing)
        self.scatter.set_cuts(y=overview.line)
        self._mark_current()

    def _mark_current(self) -> None:
        shown = self.session.current.id
        self.scatter.mark(self._ids.index(shown) if shown in self._ids else None)

    # ---- user actions

    def _exclude(self) -> None:
        self.session.include(self._overview.exclusion.ids, False)


class OverviewButton(QPushButton):
    """Button that opens the panel Overview as a tab beside another panel, or raises it.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Viewer whose window has the panel.
    beside : QWidget
        Docked panel beside which it opens.
    """

    def __init__(self, viewer: ViewerModel, beside: QWidget) -> None:
        super().__init__("Overview", beside)
        self._viewer, self._beside = viewer, beside
        self.setToolTip("Counts, scores and defocus of all micrographs as plots; exclude by them")
        self.clicked.connect(self.open)

    def open(self) -> None:
        """Open the panel, or raise it if it is open; without a window nothing happens."""
        window = getattr(self._viewer, "window", None)
        if window is None:
            return
        docked = window.dock_widgets.values()
        panel = next((each for each in docked if isinstance(each, OverviewPanel)), None)
        if panel is None:
            panel = OverviewPanel(self._viewer)
            title = title_beside(window, self._beside, "Overview")
            window.add_dock_widget(panel, name=title, area="bottom")
            self._beside.window().tabifyDockWidget(_dock(self._beside), _dock(panel))
        _dock(panel).show()
        _dock(panel).raise_()


def _dock(panel: QWidget) -> QDockWidget:
    """Return the dock that contains a panel."""
    while not isinstance(panel, QDockWidget):
        panel = panel.parentWidget()
    return panel
