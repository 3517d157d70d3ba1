"""Panel Correct: mouse tools, labels for selected points, undo, and counts of labels."""

from functools import partial

import napari
from qtpy.QtCore import Qt
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.plugin.fields.brush_field import BrushField
from napari_drpnet.plugin.fields.controls import Hint, column
from napari_drpnet.plugin.panels.label_buttons import LabelButtons
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.similar import SimilarPanel
from napari_drpnet.plugin.plots.legend import Legend
from napari_drpnet.project.actions import ACTIONS
from napari_drpnet.project.points.label_counts import count_labels
from napari_drpnet.project.view import Tool

_PAINT = "Shift-drag rejects under the brush, Alt-drag accepts, Control-drag selects."
_TOOLS: dict[Tool, tuple[str, str]] = {
    "look": ("Look", "Drag to move the view, scroll to zoom. Points do not change."),
    "click": (
        "Click",
        "Click a point to flip it, an empty place to add one; drag a point to move it. " + _PAINT,
    ),
    "box": (
        "Select",
        "Drag a box around points, or click one; Shift adds to the selection. "
        "Then accept or reject them below.",
    ),
    "lasso": (
        "Lasso",
        "Drag an outline around points, or click one; Shift adds to the selection. "
        "Then accept or reject them below.",
    ),
    "reject": ("Brush: reject", "Drag over points to reject them. Alt-drag accepts instead."),
    "accept": ("Brush: accept", "Drag over points to accept them. Shift-drag rejects instead."),
}
#: Number of tools in a row.
_IN_A_ROW = 3

#: Message on a micrograph that is not picked.
_BARE = "Not picked. With the tool Click you can add particles to the bare micrograph."


class CorrectPanel(Panel):
    """Panel in which the user corrects the picks.

    While it is shown, clicks on the micrograph correct points. While it is hidden, the mouse only
    moves the view.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    hint : Hint
        Message about the next step while there are no picks.
    body : QWidget
        Container of the widgets below, hidden while there are no picks.
    tools : dict of str to QPushButton
        Buttons of the mouse tools.
    tool_hint : QLabel
        Description of the chosen tool.
    brush : BrushField
        Field of the brush size.
    doubt : QPushButton
        Button that selects the next uncertain point.
    selected : QLabel
        Number of selected points, or description of the uncertain point.
    label_buttons : dict of str to QPushButton
        Buttons that label the selected points, by the names of their actions.
    undo, redo : QPushButton
        Buttons that undo and redo the last edit.
    undo_title, redo_title : QLabel
        Names of the edits to undo and to redo.
    counts : QLabel
        Numbers of labels.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.hint = Hint()
        self.body = QWidget()
        self.similar = SimilarPanel(napari_viewer)
        parts = (
            self._make_tools(),
            self._make_brush(),
            *self._make_label_buttons(),
            self._make_history(),
            _heading("Pick by example"),
            self.similar,
            _heading("Your labels"),
            self._make_counts(),
            LabelButtons(self.session),
            self.failure_hint("read labels"),
            _heading("Symbols"),
            Legend(),
        )
        self.body.setLayout(column(*parts))
        layout = QVBoxLayout(self)
        layout.addWidget(self.hint)
        layout.addWidget(self.body)
        layout.addStretch()
        self._listen()

    def showEvent(self, event: QShowEvent) -> None:
        """Choose the tool that corrects points with clicks."""
        super().showEvent(event)
        if not event.spontaneous() and self.session.view.tool == "look":
            self.session.view.tool = "click"

    def hideEvent(self, event: QHideEvent) -> None:
        """Choose the tool that only moves the view, unless the window was minimized."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.session.view.tool = "look"

    # ---- widgets

    def _make_tools(self) -> QWidget:
        self.tools: dict[Tool, QPushButton] = {}
        group = QButtonGroup(self)
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for number, (tool, (title, tooltip)) in enumerate(_TOOLS.items()):
            button = QPushButton(title)
            button.setCheckable(True)
            button.setToolTip(tooltip.replace(". ", ".\n"))
            button.clicked.connect(partial(self._choose_tool, tool))
            group.addButton(button)
            grid.addWidget(button, *divmod(number, _IN_A_ROW))
            self.tools[tool] = button
        self.tool_hint = QLabel()
        self.tool_hint.setWordWrap(True)
        self.tool_hint.setStyleSheet("min-height: 3.9em")  # three lines, so that nothing moves
        self.tool_hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.tool_hint, 2, 0, 1, _IN_A_ROW)
        for across in range(_IN_A_ROW):
            grid.setColumnStretch(across, 1)
        return box

    def _make_brush(self) -> QWidget:
        self.brush = BrushField()
        self.brush.value_changed.connect(self._on_brush)
        return self.brush

    def _make_label_buttons(self) -> tuple[QWidget, ...]:
        self.selected = QLabel()
        row = QWidget()
        buttons = QHBoxLayout(row)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(4)
        names = ("reject_selected", "accept_selected", "forget_selected")
        self.label_buttons = {name: self._button_with_key(name) for name in names}
        for button in self.label_buttons.values():
            buttons.addWidget(button)
        self.doubt = self._button_with_key("doubt")
        return _heading("Label"), self.doubt, self.selected, row

    def _button_with_key(self, name: str) -> QPushButton:
        button, action = self.action_button(name), ACTIONS[name]
        button.setText(f"{action.title} ({action.key})" if action.key else action.title)
        return button

    def _make_history(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnStretch(1, 1)
        self.undo, self.redo = self.action_button("undo"), self.action_button("redo")
        self.undo_title, self.redo_title = QLabel(), QLabel()
        rows = ((self.undo, self.undo_title), (self.redo, self.redo_title))
        for row, (button, title) in enumerate(rows):
            title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            grid.addWidget(button, row, 0)
            grid.addWidget(title, row, 1)
        return box

    def _make_counts(self) -> QWidget:
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        return self.counts

    # ---- updates from the session

    def _listen(self) -> None:
        session = self.session
        for signal in (session.current.points_changed, session.settings_changed):
            self.listen(signal, self._show_points)
        self.listen(session.current.image_changed, self._show_brush)
        self.listen(session.selection.changed, self._show_selection)
        self.listen(session.history_changed, self._show_history)
        self.listen(session.view.events.tool, self._show_tool)
        self.listen(session.view.events.brush_diameters, self._show_brush)
        self._show_points()
        self._show_history()
        self._show_tool()

    def _show_points(self) -> None:
        current = self.session.current
        has_points = current.review is not None
        self.body.setVisible(has_points)
        text = _BARE if current.decision is None else ""
        first = "Open micrographs first." if current.record is None else "Press Pick first."
        self.hint.say(text if has_points else f"{first} Then correct the picks here.")
        self._show_brush()
        self._show_selection()
        self._show_counts()

    def _show_tool(self) -> None:
        tool = self.session.view.tool
        self.tools[tool].setChecked(True)
        self.tool_hint.setText(_TOOLS[tool][1])

    def _show_brush(self) -> None:
        self.brush.set_value(
            self.session.view.brush_diameters, self.session.current.diameter_angstrom
        )

    def _show_selection(self) -> None:
        rows = self.session.selection.rows
        for button in self.label_buttons.values():
            button.setEnabled(len(rows) > 0)
        self.selected.setText(self._describe_selection())

    def _describe_selection(self) -> str:
        selection, current, plan = self.session.selection, self.session.current, self.session.plan
        if not len(selection.rows) or current.review is None:
            return "No point is selected."
        if not selection.in_doubt:
            count = len(selection.rows)
            if count > 1:
                return f"{count} points are selected."
        parameters = plan.parameters if plan else None
        about = current.review.describe(int(selection.rows[0]), parameters)
        return f"{'Uncertain' if selection.in_doubt else '1 point is selected'}: {about}"

    def _show_history(self) -> None:
        history = self.session.history
        for button, label, title in (
            (self.undo, self.undo_title, history.undo_title),
            (self.redo, self.redo_title, history.redo_title),
        ):
            button.setEnabled(title is not None)
            label.setText(title or "")

    def _show_counts(self) -> None:
        project = self.session.project
        labels = [project.labels(name) for name in project.micrographs]
        self.counts.setText(count_labels(self.session.current.review, labels).text)

    # ---- user actions

    def _choose_tool(self, tool: Tool) -> None:
        self.session.view.tool = tool

    def _on_brush(self, diameters: float) -> None:
        self.session.view.brush_diameters = diameters


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
