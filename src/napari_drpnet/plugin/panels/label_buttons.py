"""Part of the panel Correct that imports labels and coordinates, and exports labels."""

from pathlib import Path

from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QPushButton,
    QWidget,
)

from napari_drpnet.formats import READ_SUFFIXES
from napari_drpnet.project.session import Session

_TITLE = "Import labels or coordinates"
_LABELS = "Labels (*.csv *.star)"
_COORDINATES = f"Labels and coordinates ({' '.join(f'*{suffix}' for suffix in READ_SUFFIXES)})"
_PARTICLES = "Particles that 2D classes kept"
_EXTRACTED = "All that were extracted (Cancel: the accepted picks)"
_IMPORT = (
    "Read labels from a .csv or .star file with a column for the label, as one undo step.\n"
    "From any other coordinate file, as of RELION's manual picker, come accepted particles.\n"
    "Your own labels are kept"
)
_EXPORT = "Write all labels of the project, yours and automatic ones, to a .csv or .star file"
_FACTOR = "Pixels of these micrographs per pixel of the coordinates:"
#: Greatest factor by which micrographs are binned, and decimals of the field.
_MOST, _DECIMALS = 64.0, 4


class LabelButtons(QWidget):
    """Buttons that import labels and coordinates of a project, and export its labels.

    Parameters
    ----------
    session : Session
        Session whose labels are read and written.

    Attributes
    ----------
    load, save : QPushButton
        Buttons that open `menu`, and that ask for a file and write the labels to it.
    menu : QMenu
        Menu to import a file, a folder, coordinates of binned micrographs, or 2D classes.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.load, self.save = QPushButton("Import…"), QPushButton("Export…")
        self.load.setToolTip(_IMPORT)
        self.load.setAccessibleName(_TITLE)
        self.menu = QMenu(self.load)
        self.menu.addAction("File…", self._load_file)
        self.menu.addAction("Folder of coordinates…", self._load_folder)
        self.menu.addAction("Coordinates of binned micrographs…", self._load_binned)
        self.menu.addAction("Particles of 2D classes…", self._load_classes)
        self.load.setMenu(self.menu)
        self.save.setToolTip(_EXPORT)
        self.save.setAccessibleName("Export labels")
        self.save.clicked.connect(self._save)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.load, stretch=1)
        row.addWidget(self.save, stretch=1)

    def _load_file(self) -> None:
        if name := self._ask_file():
            self._session.labeller.load(Path(name))

    def _load_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, _TITLE):
            self._session.labeller.load(Path(name))

    def _load_binned(self) -> None:
        if not (name := self._ask_file()):
            return
        least = 1 / _MOST
        factor, is_given = QInputDialog.getDouble(
            self, _TITLE, _FACTOR, 2.0, least, _MOST, _DECIMALS
        )
        if is_given:
            self._session.labeller.load(Path(name), factor)

    def _load_classes(self) -> None:
        if not (name := self._ask_file(_PARTICLES)):
            return
        extracted = ""
        if not self._session.class_importer.knows_extraction(Path(name)):
            extracted = self._ask_file(_EXTRACTED)
        self._session.class_importer.load(Path(name), Path(extracted) if extracted else None)

    def _ask_file(self, title: str = _TITLE) -> str:
        name, _ = QFileDialog.getOpenFileName(self, title, "", _COORDINATES)
        return str(name)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export labels", "labels.csv", _LABELS)
        if name:
            path = Path(name)
            self._session.labeller.save(path if path.suffix else path.with_suffix(".csv"))
