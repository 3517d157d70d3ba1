"""Panel Gallery: thumbnails of the picks, to correct many of them at a glance."""

from functools import partial

import napari
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_drpnet.plugin.fields.controls import Hint, Soon, guard_wheel
from napari_drpnet.plugin.gallery.thumbnail_view import ThumbnailView
from napari_drpnet.plugin.panels.averages import AveragesPanel
from napari_drpnet.plugin.panels.panel import Panel

#: Least time between two changes of the list while a slider is dragged.
_EVERY_MS = 60
_CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "scope": (
        "Whose picks are shown; all are those of the included micrographs that are picked",
        {"this": "this micrograph", "all": "all micrographs"},
    ),
    "shown": (
        "Which picks are shown; what you flip stays until the list is made again",
        {
            "all": "all picks",
            "accepted": "accepted",
            "rejected": "rejected",
            "by hand": "labelled by you",
            "on dirt": "on dirt",
        },
    ),
    "order": (
        "Order of the picks. Added ones have no score and come last",
        {
            "best": "greatest P(particle) first",
            "worst": "least P(particle) first",
            "highest": "greatest score first",
            "lowest": "least score first",
            "place": "by position",
        },
    ),
}
_HELP = (
    "Click: flip. Drag a box: select, then G accepts and F rejects. "
    "Double click: go to the place on the micrograph."
)
_NONE_OF_ALL = "No micrograph is picked yet: press Pick all"
_NONE_OF_CLASS = "No pick of this class is above the threshold and of the kind that is shown"
_NONE_OF_KIND = "No pick is of this kind: choose all picks"


class GalleryPanel(Panel):
    """Panel with the thumbnails of the picks of one or all micrographs.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    boxes : dict of str to QComboBox
        Lists of the choices ``scope``, ``shown`` and ``order``.
    as_recorded : QCheckBox
        Check box for the polarity of the micrograph.
    accept, reject : QPushButton
        Buttons that decide about what is selected.
    tools : QHBoxLayout
        Row of buttons that work on the whole gallery, above the thumbnails.
    averages : AveragesPanel
        2D averages, above the thumbnails.
    summary, complaint : Hint
        Numbers of picks; why thumbnails in sight cannot be made.
    view : ThumbnailView
        Area with the thumbnails.
    timer : Soon
        Timer of the next update of the list.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self._gallery = self.session.gallery
        self._members = self._gallery.members
        self.timer = Soon(self, self._show_list, _EVERY_MS)
        self.view = ThumbnailView(self._gallery)
        self.averages = AveragesPanel(napari_viewer)
        self.summary, self.complaint, about = Hint(), Hint(marked=True), Hint()
        about.say(_HELP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        for part in (self._make_choices(), self._make_tools(), about, self.averages):
            layout.addWidget(part)
        layout.addWidget(self.view, stretch=1)
        layout.addWidget(self.summary)
        layout.addWidget(self.complaint)
        self._listen()
        self._show_list()

    # ---- widgets

    def _make_choices(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self.boxes: dict[str, QComboBox] = {}
        for name, (tooltip, texts) in _CHOICES.items():
            combo = self.boxes[name] = QComboBox()
            for value, text in texts.items():
                combo.addItem(text, value)
            combo.setToolTip(tooltip)
            combo.setAccessibleName(name)
            guard_wheel(combo)
            combo.activated.connect(partial(self._choose, name))
        self.as_recorded = QCheckBox("As recorded")
        self.as_recorded.setToolTip(
            "Show the particles dark or bright as in the micrograph, instead of always bright"
        )
        self.as_recorded.clicked.connect(lambda on: self._gallery.choose(as_recorded=on))
        parts = (self.boxes["scope"], self.boxes["shown"], self.boxes["order"], self.as_recorded)
        for place, part in enumerate(parts):
            grid.addWidget(part, *divmod(place, 2))
        return box

    def _make_tools(self) -> QWidget:
        box = QWidget()
        self.tools = QHBoxLayout(box)
        self.tools.setContentsMargins(0, 0, 0, 0)
        self.tools.setSpacing(4)
        self.accept, self.reject = QPushButton("Accept"), QPushButton("Reject")
        for button, accepted, key in ((self.accept, True, "G"), (self.reject, False, "F")):
            what = "Accept" if accepted else "Reject"
            button.setToolTip(f"{what} what is selected in the gallery, as one step [{key}]")
            button.clicked.connect(partial(self._label, accepted))
            self.tools.addWidget(button)
        self.tools.addWidget(self.averages.progress, stretch=1)
        self.tools.addStretch(0)
        return box

    def _listen(self) -> None:
        self.listen(self._gallery.changed, self._on_changed)
        self.listen(self._gallery.thumbnails.changed, self._on_thumbnails)
        self.listen(self.session.runner.status_changed, self._on_status)

    # ---- what the user does

    def _choose(self, name: str, _: int) -> None:
        self._gallery.choose(**{name: self.boxes[name].currentData()})
        self.view.verticalScrollBar().setValue(0)

    def _label(self, accepted: bool) -> None:
        self._gallery.label(accepted)
        self.view.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """List the picks as they are now, and try to read files again that could not be read."""
        super().showEvent(event)
        self._gallery.thumbnails.retry()
        self._show_list()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let the list rest while it cannot be seen."""
        super().hideEvent(event)
        self.timer.stop()

    # ---- updates from the session

    def _on_changed(self) -> None:
        if self.isVisible():
            self.timer.ask()

    def _on_thumbnails(self) -> None:
        self.view.viewport().update()
        self._show_complaint()

    def _on_status(self, _: object) -> None:
        self._show_empty()

    def _show_choice(self) -> None:
        for name, combo in self.boxes.items():
            combo.setCurrentIndex(combo.findData(getattr(self._gallery.choice, name)))
        self.boxes["scope"].setEnabled(self._gallery.members is None)
        self.as_recorded.setChecked(self._gallery.choice.as_recorded)

    def _show_list(self) -> None:
        if self.isVisible():
            self._gallery.renew()
        self._show_choice()
        self.view.follow_list()
        if self._members is not self._gallery.members:
            self._members = self._gallery.members
            self.view.verticalScrollBar().setValue(0)
        self.summary.say(self._gallery.summary)
        self._show_empty()
        self._show_complaint()
        for button in (self.accept, self.reject):
            button.setEnabled(len(self._gallery.selected) > 0)

    def _show_empty(self) -> None:
        choice = self._gallery.choice
        if self._gallery.members is not None:
            text = _NONE_OF_CLASS
        elif choice.shown != "all" and self._gallery.has_points:
            text = _NONE_OF_KIND
        else:
            text = self.session.why_no_picks if choice.scope == "this" else _NONE_OF_ALL
        if text != self.view.empty_text:
            self.view.empty_text = text
            self.view.viewport().update()

    def _show_complaint(self) -> None:
        self.complaint.say(self._gallery.complaint(self.view.shown))
