"""Part of the panel Correct that imports and exports labels."""

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from napari_drpnet.project.session import Session

_FILES = "Labels (*.csv *.star)"
_PARTICLES = "Particles (*.star *.cs *.csv *.txt)"
_CLASSES = (
    "Read particles that a 2D classification kept, such as particles.star of RELION's Select job:\n"
    "they are accepted, and the others that were extracted are rejected, as one undo step.\n"
    "Your own labels are kept"
)
_EXTRACTED = "All extracted particles (Cancel: the accepted picks)"
_IMPORT = (
    "Read labels from a .csv or .star file with a column for the label, as one undo step.\n"
    "Your own labels are kept"
)
_EXPORT = "Write all labels of the project, yours and automatic ones, to a .csv or .star file"


class LabelButtons(QWidget):
    """Buttons that import and export the labels of a project.

    Parameters
    ----------
    session : Session
        Session whose labels are read and written.

    Attributes
    ----------
    load, classes, save : QPushButton
        Buttons that ask for a file, and read labels from it, label the particles in it, or write
        labels to it.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.load, self.save = QPushButton("Import…"), QPushButton("Export…")
        self.load.setToolTip(_IMPORT)
        self.load.setAccessibleName("Import labels")
        self.load.clicked.connect(self._load)
        self.classes = QPushButton("2D classes…")
        self.classes.setToolTip(_CLASSES)
        self.classes.setAccessibleName("Import 2D classes")
        self.classes.clicked.connect(self._load_classes)
        self.save.setToolTip(_EXPORT)
        self.save.setAccessibleName("Export labels")
        self.save.clicked.connect(self._save)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.load, stretch=1)
        row.addWidget(self.classes, stretch=1)
        row.addWidget(self.save, stretch=1)

    def _load(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import labels", "", _FILES)
        if name:
            self._session.labeller.load(Path(name))

    def _load_classes(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import 2D classes", "", _PARTICLES)
        if not name:
            return
        extracted = ""
        if not self._session.class_importer.knows_extraction(Path(name)):
            extracted, _ = QFileDialog.getOpenFileName(self, _EXTRACTED, "", _PARTICLES)
        self._session.class_importer.load(Path(name), Path(extracted) if extracted else None)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export labels", "labels.csv", _FILES)
        if name:
            path = Path(name)
            self._session.labeller.save(path if path.suffix else path.with_suffix(".csv"))
