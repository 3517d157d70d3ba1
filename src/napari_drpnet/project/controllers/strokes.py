"""Strokes on the micrograph that is shown: painted, cleared, and read from files."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.geometry import Frame
from napari_drpnet.base.segmentation import CLASSES, ICE, UNKNOWN
from napari_drpnet.base.wording import counted
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.controllers.shown import ShownImage
from napari_drpnet.project.files.stroke_files import ReadStrokes, read_all_strokes
from napari_drpnet.project.notices import explain
from napari_drpnet.project.state.edits import EditGroup, PaintEdit
from napari_drpnet.project.state.strokes import Classes, Shape, Strokes
from napari_drpnet.project.view import STROKE_BRUSH_LIMITS
from napari_drpnet.project.workspace import Workspace

Mask = NDArray[np.bool_]

_OTHER_SIZE = (
    "The strokes of this micrograph were painted on a file of {0} × {1} pixels. Clear them to "
    "paint on this one."
)


class StrokePainter:
    """Strokes on the micrograph that is shown, and how many micrographs have strokes.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the project of the micrograph.
    current : CurrentMicrograph
        Micrograph that is shown.

    Attributes
    ----------
    frame : Frame or None
        Grid of the strokes; None while the micrograph is not drawn, or if nothing can be painted.
    classes : (h, w) uint8 array
        Class of each pixel of the grid, 0 where nothing is said; empty without a grid.
    changed : Signal
        Emitted when other strokes are to be drawn.
    leaving : Signal
        Emitted before the strokes of another micrograph replace those that are painted on.
    """

    changed = Signal()
    leaving = Signal()

    def __init__(self, workspace: Workspace, current: CurrentMicrograph) -> None:
        self._workspace = workspace
        self._current = current
        self._micrograph: str | None = None
        self._is_taking = False
        self._deviations: tuple[ShownImage, NDArray[np.float32]] | None = None
        self.frame: Frame | None = None
        self.classes: Classes = np.zeros((0, 0), np.uint8)
        current.changed.connect(self._leave)
        current.image_changed.connect(self._arrive)
        workspace.strokes_changed.connect(self._on_strokes)

    # ---- what there is

    @property
    def here(self) -> Strokes | None:
        """Strokes of the micrograph that is shown; None if it has none."""
        return self._workspace.project.strokes.get(self._current.id or "")

    @property
    def obstacle(self) -> str:
        """Message about why nothing can be painted on the micrograph that is shown."""
        here = self.here
        if here is None or self._current.image is None or self.frame is not None:
            return ""
        return _OTHER_SIZE.format(*here.full_shape[::-1])

    @property
    def painted_counts(self) -> tuple[int, ...]:
        """Number of micrographs with strokes of each class; the first one is of any class."""
        project = self._workspace.project
        areas = [
            here.areas for name, here in project.strokes.items() if name in project.micrographs
        ]
        counts = (np.array(areas, int).reshape(-1, len(CLASSES) + 1) > 0).sum(axis=0)
        return len(areas), *counts[1:].tolist()

    @property
    def brush_unit(self) -> tuple[float, str]:
        """Length of a pixel of the grid, and its unit: Å if the pixel size is known, else px."""
        pixels = 1.0 if self.frame is None else float(self.frame.scale_yx.mean())
        size = self._current.pixel_size_angstrom
        return (pixels, "px") if size is None else (pixels * size, "Å")

    def set_brush(self, length: float) -> None:
        """Set the diameter of the brush, in the unit of `brush_unit`, to whole pixels."""
        low, high = STROKE_BRUSH_LIMITS
        size = round(length / self.brush_unit[0])
        self._workspace.view.stroke_brush = min(max(size, low), high)

    # ---- painting

    @contextmanager
    def stroke(self, number: int) -> Iterator[None]:
        """Combine everything painted in this context into one undo step."""
        with self._workspace.history.grouped(_title({number})):
            yield

    def take(self, painted: Classes) -> bool:
        """Make an edit of what was painted since the last call, and save it.

        Parameters
        ----------
        painted : (h, w) uint8 array
            Classes on the grid. Changes to values that are no class do not count.

        Returns
        -------
        bool
            Whether the strokes are as painted now; if not, they have to be drawn again.
        """
        name, frame, before = self._micrograph, self.frame, self.classes
        if name not in self._workspace.project.micrographs or painted.shape != before.shape:
            return False
        is_class = bool(painted.max(initial=0) <= len(CLASSES))
        after = painted.copy() if is_class else np.where(painted <= len(CLASSES), painted, before)
        if name is not None and frame is not None:
            title = _title(set(np.unique(after[after != before]).tolist()))
            self._do(PaintEdit.between(name, frame.full_shape, before, after, title))
            self.classes = after
        return is_class

    def kept_dark(self, painted: Classes) -> Classes:
        """Return what a dark brush leaves of what was painted since the last `take`.

        Pixels that are not dark keep their class, unless the brush takes classes away.
        """
        dark = self.dark
        if dark is None or painted.shape != self.classes.shape:
            return painted
        kept = dark | (painted == UNKNOWN)
        return np.where(kept, painted, self.classes)

    @property
    def dark(self) -> Mask | None:
        """Pixels ``(h, w)`` of the grid that the dark brush takes; None without a dark brush."""
        view, image, frame = self._workspace.view, self._current.image, self.frame
        if not view.is_brush_dark or image is None or frame is None:
            return None
        if self._deviations is None or self._deviations[0] is not image:
            self._deviations = image, image.display.deviations(frame.network_shape)
        return np.asarray(self._deviations[1] <= view.dark_cut)

    def clear(self) -> None:
        """Remove all strokes of the micrograph that is shown."""
        self.leaving.emit()
        here, name = self.here, self._current.id
        if here is not None and name is not None:
            nothing, title = np.zeros_like(here.classes), "Clear strokes"
            edit = PaintEdit.between(name, here.full_shape, here.classes, nothing, title)
            self._workspace.do(edit)

    def _do(self, edit: PaintEdit | None) -> None:
        """Apply an edit whose effect is drawn already."""
        self._is_taking = True
        try:
            self._workspace.do(edit)
        finally:
            self._is_taking = False

    # ---- files

    def load(self, source: Path) -> None:
        """Read label pictures or masks in a thread, and add what they say as one undo step.

        Pixels that have a class already keep it. A mask means the class of the brush, or ice.

        Parameters
        ----------
        source : pathlib.Path
            File for the micrograph that is shown, or folder with files for all micrographs.
        """
        workspace, record = self._workspace, self._current.record
        if record is None or workspace.store is None:
            workspace.notify("warning", "Open micrographs first.")
            return
        records = list(workspace.project.micrographs.values()) if source.is_dir() else [record]
        shapes = {name: there.full_shape for name, there in workspace.project.strokes.items()}
        if self.frame is not None:
            shapes[record.id] = self.frame.full_shape
        mask_class = workspace.view.stroke_class or ICE
        work = partial(read_all_strokes, source, records, shapes, workspace.store, mask_class)
        workspace.failures.forget("read strokes")
        workspace.runner.submit(
            "read strokes", work, lambda read: self._add(source.name, len(records), *read)
        )

    def _add(
        self, name: str, asked: int, read: list[ReadStrokes], errors: list[InputFileError]
    ) -> None:
        self.leaving.emit()
        title, notify = f"Import {name}", self._workspace.notify
        edits = tuple(edit for given in read if (edit := self._addition(given, title)) is not None)
        self._workspace.do(EditGroup(title=title, edits=edits))
        if errors:
            more = f" {counted(len(errors) - 1, 'more file')} failed." if errors[1:] else ""
            notify("error", f"{explain(errors[0])}{more}")
        if read or not errors:
            left = asked - len(read) - len(errors)
            none = f" {counted(left, 'micrograph')} had no file." if left else ""
            notify("info", f"Strokes added to {counted(len(edits), 'micrograph')}.{none}")

    def _addition(self, given: ReadStrokes, title: str) -> PaintEdit | None:
        """Return the edit that gives classes to pixels without one; None if it does not fit."""
        project, name = self._workspace.project, given.micrograph
        there = project.strokes.get(name) or Strokes.nothing(given.full_shape)
        if name not in project.micrographs or there.full_shape != given.full_shape:
            return None
        before = there.classes
        after = np.where(before == UNKNOWN, given.classes, before)
        return PaintEdit.between(name, given.full_shape, before, after, title)

    # ---- which micrograph

    def _leave(self) -> None:
        self.leaving.emit()
        self._micrograph = self.frame = self._deviations = None
        self.classes = np.zeros((0, 0), np.uint8)
        self.changed.emit()

    def _arrive(self) -> None:
        """Show the strokes when the shape of the micrograph is known."""
        image, frame = self._current.image, self.frame
        if image is None:
            return
        if frame is None or frame.full_shape != image.display.frame.full_shape:
            self._show(image.display.frame.full_shape)

    def _show(self, full_shape: Shape) -> None:
        here, self._micrograph = self.here, self._current.id
        if here is not None and here.full_shape != full_shape:
            self.frame, self.classes = None, np.zeros((0, 0), np.uint8)
        else:
            strokes = here or Strokes.nothing(full_shape)
            self.frame, self.classes = strokes.frame, strokes.classes
        self.changed.emit()

    def _on_strokes(self, micrograph: str) -> None:
        image = self._current.image
        if micrograph == self._current.id and not self._is_taking and image is not None:
            self._show(image.display.frame.full_shape)


def _title(numbers: set[int]) -> str:
    """Return the title of a step that gives pixels these classes."""
    if numbers == {UNKNOWN}:
        return "Erase strokes"
    return f"Paint {CLASSES[numbers.pop() - 1]}" if len(numbers) == 1 else "Paint"
