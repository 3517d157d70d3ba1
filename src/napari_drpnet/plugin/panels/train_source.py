"""What will be learned, and from which labels, as the panel Train shows it."""

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
from napari_drpnet.project.jobs.lanes import JobStatus
from napari_drpnet.project.points.label_counts import LabelTotals

_SUBJECTS: dict[Subject, tuple[str, str]] = {
    "classifier": (
        "Classifier",
        "It learns what to keep of what the detector finds: quick, and the right choice mostly",
    ),
    "detector": ("Detector", "It learns what to find: where particles are missed at any threshold"),
    "both": ("Both", "The detector learns, then the classifier"),
}
_USE = "Learn from these too. Where you have labelled little, they say what is better"
_LIST = "The included micrographs that have labels"
_NUMBERS = "Accepted + rejected labels"
_COLUMNS = ("micrograph", "yours", "automatic")
_LIST_HEIGHT = 110


class TrainSource(Panel):
    """Which network learns, and from which labels, by source and by micrograph.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer, passed by napari.

    Attributes
    ----------
    subjects : QButtonGroup
        Which networks learn.
    labels : Hint
        How many labels a person has given.
    use_automatic : QCheckBox
        Whether automatic labels are used, and how many there are.
    label, forget : QPushButton
        Label automatically; take automatic labels away.
    progress : JobProgress
        How far labelling is.
    fold : Foldable
        Opens `list`.
    list : QTreeWidget
        The labels by micrograph.
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
        self.listen(self.session.runner.status_changed, self._on_status)
        self._show_choice()
        self._on_status(self.session.runner.status("label"))

    def show_labels(self) -> None:
        """Count the labels."""
        learner = self.session.learner
        automatic = learner.automatic
        self.labels.say(f"Your labels: {learner.counts.text}")
        counted = f"{automatic.accepted} accepted, {automatic.rejected} rejected"
        self.use_automatic.setText(f"Automatic: {counted}")
        self.use_automatic.setVisible(automatic.micrographs > 0)
        self.forget.setEnabled(self.session.labeller.has_automatic)
        self.label.setEnabled(self.session.current.review is not None)
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

    def _on_status(self, status: JobStatus) -> None:
        if status.kind == "label":
            self.progress.show_status(status)

    # ---- user actions

    def _on_subject(self, number: int) -> None:
        self.session.learner.choose(subject=list(_SUBJECTS)[number])

    def _on_use(self, use: bool) -> None:
        self.session.learner.choose(uses_automatic=use)


def _numbers(totals: LabelTotals) -> str:
    """Return how many are accepted and rejected, in little room."""
    return f"{totals.accepted} + {totals.rejected}" if totals.micrographs else "–"
