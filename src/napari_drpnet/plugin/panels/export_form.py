"""Form of the panel Export: program, files, micrographs and folder."""

from functools import partial
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from napari_drpnet.formats import WRITTEN
from napari_drpnet.plugin.fields.box_size_field import box_size_field, show_box_size
from napari_drpnet.plugin.fields.controls import LABEL_WIDTH, column, guard_wheel, row
from napari_drpnet.project.controllers.statuses import Totals
from napari_drpnet.project.files.export_options import ExportChoice
from napari_drpnet.project.files.programs import PROGRAMS
from napari_drpnet.project.session import Session

_IN_A_ROW = 3
_ABOUT_MASKS = (
    "Files of the segmenter for each micrograph, picked or not; they are those of segment"
)
#: Titles and tooltips of the files of a segmentation.
_MASKS = {
    "mrc": ("Mask", "*_mask.mrc: 1 is dirt, at the scale of the network; for drpnet pick --mask"),
    "png": ("Classes", "*_classes.png: 0 unknown, 1 background, 2 particle, 3 ice, 4 carbon"),
    "npz": ("Numbers", "*_segmentation.npz: the probabilities of all classes"),
    "overlay": ("Picture", "*_overlay.png: the micrograph with its classes in colours"),
    "tif": ("Warp", "*.tif: a mask for Warp, with the name of the micrograph, 8 Å/px"),
    "full-size": (
        "Full size",
        "*.mrc: a mask for MicrographCleaner, with the name and the shape of the micrograph",
    ),
}


class ExportForm(QWidget):
    """Form with the choices of an export: program, files, micrographs and folder.

    Changes by the user are passed to the exporter; the methods `show_…` only update the widgets.

    Parameters
    ----------
    session : Session
        Session whose exporter stores the choices.

    Attributes
    ----------
    program : QComboBox
        Choice of the program that reads the files.
    formats : dict of str to QCheckBox
        Check boxes of the further files of each micrograph, by suffix; that of the program's own
        files is ticked and disabled.
    masks : dict of str to QCheckBox
        Check boxes of the files of the segmentation, by their kind.
    selection : QCheckBox
        Check box of RELION's list of included micrographs.
    box_size : OptionalField
        Field of the box size in pixels; hidden if no chosen format has boxes.
    this_one, all_included : QRadioButton
        Choice between the current micrograph and all included ones.
    counts : QLabel
        Numbers of included and picked micrographs.
    folder : QLineEdit
        Folder of the files.
    browse : QPushButton
        Button that opens a dialog to choose the folder.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._exporter = session.exporter
        self.program = QComboBox()
        self.program.addItems(PROGRAMS)
        self.program.textActivated.connect(self._choose_program)
        guard_wheel(self.program)
        self.box_size = box_size_field(self._exporter)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._add_row("For", self.program, "Program that reads the files, which have its format")
        tooltip = "Further files for each micrograph, besides those for the program"
        self._add_row("Also write", self._make_formats(), tooltip)
        self._add_row("Segmentation", self._make_masks(), _ABOUT_MASKS)
        self._box_label = self._add_row("Box size", self.box_size.native, self.box_size.tooltip)
        tooltip = "Micrographs whose accepted picks are written"
        scope = self._add_row("Micrographs", self._make_scope(), tooltip)
        self._grid.setAlignment(scope, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self._make_folder(), self._grid.rowCount(), 0, 1, 2)

    # ---- widgets

    def _add_row(self, title: str, field: QWidget, tooltip: str) -> QLabel:
        row, label = self._grid.rowCount(), QLabel(title)
        label.setFixedWidth(LABEL_WIDTH)
        for part in (label, field):
            part.setToolTip(tooltip)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(field, row, 1)
        return label

    def _make_formats(self) -> QWidget:
        self.formats = {suffix: QCheckBox(suffix) for suffix in WRITTEN}
        for suffix, box in self.formats.items():
            box.setToolTip(f"{WRITTEN[suffix].title}, one file for each micrograph")
            box.toggled.connect(self._choose_formats)
        self.selection = QCheckBox("List of included micrographs")
        self.selection.setToolTip(ExportChoice.model_fields["selection"].title or "")
        self.selection.toggled.connect(self._choose_selection)
        files = QWidget()
        files.setLayout(column(_rows(*self.formats.values()), self.selection, spacing=2))
        return files

    def _make_masks(self) -> QWidget:
        self.masks = {name: QCheckBox(title) for name, (title, _) in _MASKS.items()}
        for name, box in self.masks.items():
            box.setToolTip(_MASKS[name][1])
            box.toggled.connect(self._choose_masks)
        return _rows(*self.masks.values())

    def _make_scope(self) -> QWidget:
        self.this_one, self.all_included = QRadioButton(), QRadioButton()
        self._scope = QButtonGroup(self)
        for button, only_current in ((self.this_one, True), (self.all_included, False)):
            self._scope.addButton(button)
            button.clicked.connect(partial(self._choose_scope, only_current))
        scope = QWidget()
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        scope.setLayout(column(self.this_one, self.all_included, self.counts, spacing=2))
        return scope

    def _make_folder(self) -> QWidget:
        self.folder = QLineEdit()
        self.folder.setAccessibleName("folder")
        self.folder.editingFinished.connect(self.take_folder)
        self.browse = QPushButton("Browse…")
        self.browse.setToolTip("Choose the folder of the files")
        self.browse.clicked.connect(self._browse)
        return row(QLabel("Folder"), self.folder, self.browse)

    # ---- user actions

    def take_folder(self) -> None:
        """Pass the typed folder to the exporter, also while the field still has the focus."""
        text = self.folder.text().strip()
        folder = Path(text).expanduser().absolute() if text else None
        self.folder.setModified(False)
        if folder != self._exporter.folder:
            self._choose_folder(folder)

    def _choose_folder(self, folder: Path | None) -> None:
        self._exporter.choose(folder=None if folder == self._exporter.default_folder else folder)

    def _browse(self) -> None:
        start = self._exporter.folder or Path.home()
        while not start.is_dir():
            start = start.parent
        title = "Folder for the coordinate files"
        if chosen := QFileDialog.getExistingDirectory(self, title, str(start)):
            self._choose_folder(Path(chosen))

    def _choose_program(self, program: str) -> None:
        self._exporter.choose(program=program)

    def _choose_formats(self) -> None:
        boxes = self.formats.items()
        chosen = [suffix for suffix, box in boxes if box.isChecked() and box.isEnabled()]
        self._exporter.choose(formats=chosen)

    def _choose_masks(self) -> None:
        chosen = [name for name, box in self.masks.items() if box.isChecked()]
        self._exporter.choose(masks=chosen)

    def _choose_selection(self, selection: bool) -> None:
        self._exporter.choose(selection=selection)

    def _choose_scope(self, only_current: bool) -> None:
        self._exporter.choose(only_current=only_current)

    # ---- updates from the session

    def show_choice(self) -> None:
        """Show the choices of the exporter."""
        choice = self._exporter.choice
        self.program.setCurrentText(choice.program)
        for suffix, box in self.formats.items():
            with QSignalBlocker(box):
                box.setChecked(suffix in choice.formats or suffix == choice.taken)
            box.setEnabled(suffix != choice.taken)
        for name, box in self.masks.items():
            with QSignalBlocker(box):
                box.setChecked(name in choice.masks)
        with QSignalBlocker(self.selection):
            self.selection.setChecked(choice.selection)
        show_box_size(self.box_size, self._exporter)
        for part in (self._box_label, self.box_size.native):
            part.setVisible(choice.has_boxes)
        (self.this_one if choice.only_current else self.all_included).setChecked(True)
        self.show_folder()

    def show_folder(self) -> None:
        """Show the folder of the files, unless the user is typing it."""
        folder, default = self._exporter.folder, self._exporter.default_folder
        if not self.folder.isModified():
            self.folder.setText("" if folder is None else str(folder))
        self.folder.setToolTip(f"{folder}\nCreated if missing. Leave empty for {default}")

    def show_counts(self, totals: Totals) -> None:
        """Show the numbers of particles and micrographs, and the recommended box size."""
        current = self._session.current
        particles = f"{current.accepted_count:,} particles" if current.has_points else "not picked"
        self.this_one.setText(f"This one: {particles}")
        self.all_included.setText(f"All included: {totals.particles:,} particles")
        self.counts.setText(_describe(totals))
        self.counts.setVisible(totals.counts.total() > 1)


def count_picked(totals: Totals) -> int:
    """Count the included micrographs with picks, including those made with other settings."""
    return totals.counts["picked"] + totals.counts["settings changed"]


def _describe(totals: Totals) -> str:
    included, picked = totals.counts.total(), count_picked(totals)
    text = f"{included:,} included, {picked:,} picked"
    if outdated := totals.counts["settings changed"]:
        text += f", {outdated:,} of them with other settings"
    if left_out := included - picked:
        text += f"; {left_out:,} not picked {'is' if left_out == 1 else 'are'} left out"
    return text


def _rows(*parts: QWidget) -> QWidget:
    """Return a widget with other widgets in a grid."""
    field = QWidget()
    grid = QGridLayout(field)
    grid.setContentsMargins(0, 0, 0, 0)
    for number, part in enumerate(parts):
        grid.addWidget(part, *divmod(number, _IN_A_ROW))
    return field
