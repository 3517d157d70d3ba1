"""Part of the panel Train with the choice of the networks and the labels."""

import napari
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from napari_drpnet.plugin.fields.controls import Foldable, Hint, column
from napari_drpnet.plugin.panels.panel import Panel
from napari_drpnet.plugin.panels.progress import JobProgress
from napari_drpnet.project.controllers.learning import Subject
from napari_drpnet.project.points.label_counts import LabelTotals

_SUBJECTS: dict[Subject, tuple[str, str]] = {
    "classifier": (
        "Classifier",
        "Learns which of the detector's picks to keep: fast, and usually the right choice",
    ),
    "detector": ("Detector", "Learns what to find, if particles are missed at any threshold"),
    "both": ("Both", "The detector is trained, then the classifier"),
}
_USE = "Train on automatic labels too. If you have given few labels, the result is measured on them"
_LIST = "Included micrographs with labels"
_NUMBERS = "Numbers of accepted + rejected labels"
_COLUMNS = ("Micrograph", "Yours", "Automatic")
_LIST_HEIGHT = 110


class TrainSource(Panel):
    """Choice of the networks to train, and the labels by source and by micrograph.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    subjects : QButtonGroup
        Choice of the networks to train.
    labels : Hint
        Number of labels that the user has given.
    use_automatic : QCheckBox
        Check box to use automatic labels, with their number.
    label, forget : QPushButton
        Buttons that label automatically, and that remove automatic labels.
    progress : JobProgress
        Progress of automatic labelling.
    fold : Foldable
        Collapsible part that contains `list`.
    list : QTreeWidget
        Numbers of labels by micrograph.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(napari_viewer)
        self.labels = Hint()
        self.use_automatic = QCheckBox()
        self.use_automatic.setToolTip(_USE)
        self.use_automatic.clicked.connect(self._on_use)
        self.label = self.action_button("label_automatically")
        self.forget = self.action_button("forget_automatic")
        cancel = self.action_button("cancel_labelling")
        self.progress = JobProgress((self.label, self.forget), cancel)
        self.list = self._make_list()
        self.fold = Foldable("Which micrographs", self.list, _LIST)
        parts = (self._make_subjects(), self.labels, self.use_automatic, self.progress, self.fold)
        self.setLayout(column(*parts))
        self.listen(self.session.learner.chosen, self._show_choice)
        self.show_job(self.progress, "label")
        self._show_choice()

    def show_labels(self) -> None:
        """Update the numbers of labels."""
        learner = self.session.learner
        automatic = learner.automatic
        self.labels.say(f"Your labels: {learner.counts.text}")
        counted = f"{automatic.accepted:,} accepted, {automatic.rejected:,} rejected"
        self.use_automatic.setText(f"Automatic: {counted}")
        self.use_automatic.setVisible(automatic.micrographs > 0)
        self.forget.setEnabled(self.session.labeller.has_automatic)
        self.label.setEnabled(self.session.current.decision is not None)
        self._show_list()

    # ---- widgets

    def _make_subjects(self) -> QWidget:
        self.subjects = QButtonGroup(self)
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, (title, tooltip) in enumerate(_SUBJECTS.values()):
            button = QPushButton(title)
            button.setCheckable(True)
            button.setToolTip(tooltip)
            self.subjects.addButton(button, number)
            row.addWidget(button, stretch=1)
        self.subjects.idClicked.connect(self._on_subject)
        return box

    def _make_list(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setHeaderLabels(_COLUMNS)
        table.setRootIsDecorated(False)
        table.headerItem().setToolTip(1, _NUMBERS)
        table.headerItem().setToolTip(2, _NUMBERS)
        table.header().setStretchLastSection(False)
        table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setFixedHeight(_LIST_HEIGHT)
        table.setAccessibleName("labels by micrograph")
        return table

    # ---- updates from the session

    def _show_choice(self) -> None:
        learner = self.session.learner
        self.subjects.button(list(_SUBJECTS).index(learner.subject)).setChecked(True)
        self.use_automatic.setChecked(learner.uses_automatic)

    def _show_list(self) -> None:
        rows = self.session.learner.by_micrograph
        self.fold.setVisible(bool(rows))
        self.list.clear()
        for totals in rows:
            texts = [totals.name, _numbers(totals.person), _numbers(totals.model)]
            item = QTreeWidgetItem(self.list, texts)
            item.setToolTip(0, totals.name)

    # ---- user actions

    def _on_subject(self, number: int) -> None:
        self.session.learner.choose(subject=list(_SUBJECTS)[number])

    def _on_use(self, use: bool) -> None:
        self.session.learner.choose(uses_automatic=use)


def _numbers(totals: LabelTotals) -> str:
    """Return the numbers of accepted and rejected labels as a short text."""
    return f"{totals.accepted:,} + {totals.rejected:,}" if totals.micrographs else "–"
