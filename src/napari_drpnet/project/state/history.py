"""Undo and redo."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from psygnal import Signal

from napari_drpnet.project.state.edits import Change, Edit, EditGroup, combine
from napari_drpnet.project.state.model import Project

DEPTH = 1000


def _forget(edit: Edit) -> None: ...


class History:
    """Undo and redo history of a project.

    Parameters
    ----------
    project : Project
        Project to which the edits are applied.
    record : callable
        Called with each applied edit, including those of undo and redo. If it raises an error,
        the edit remains applied.
    """

    changed = Signal()

    def __init__(self, project: Project, record: Callable[[Edit], None] = _forget) -> None:
        self._project = project
        self._record = record
        self._undo: deque[Edit] = deque(maxlen=DEPTH)
        self._redo: list[Edit] = []
        self._merge: str | None = None
        self._group: list[Change] | None = None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo; always False inside a group."""
        return bool(self._undo) and self._group is None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo; always False inside a group."""
        return bool(self._redo) and self._group is None

    @property
    def is_merging(self) -> bool:
        """Whether a step of merged edits may go on, as while a slider is dragged."""
        return self._merge is not None

    @property
    def undo_step(self) -> Edit | None:
        """Step that `undo` would revert; None if there is none."""
        return self._undo[-1] if self.can_undo else None

    @property
    def undo_title(self) -> str | None:
        """Title of the step that `undo` would revert; None if there is none."""
        return self._undo[-1].title if self.can_undo else None

    @property
    def redo_title(self) -> str | None:
        """Title of the step that `redo` would apply again; None if there is none."""
        return self._redo[-1].title if self.can_redo else None

    def do(self, edit: Edit, merge: str | None = None) -> None:
        """Apply an edit as a new step, or as part of the current step.

        Parameters
        ----------
        edit : Edit
            Edit to apply. An edit without effect is ignored.
        merge : str, optional
            Name of the step. Consecutive edits with the same name are merged into one step until
            `seal` is called, as while a slider is dragged.

        Raises
        ------
        ValueError
            If the edit does not fit the project, which then remains unchanged.
        """
        if combine(edit.changes):
            self._apply(edit, partial(self._note, edit, merge))

    def seal(self) -> None:
        """End a step of merged edits, so that the next edit starts a new step."""
        self._merge = None

    @contextmanager
    def grouped(self, title: str) -> Iterator[None]:
        """Combine all edits made in this context into one step, even if an error ends it.

        A context without edits changes nothing: a step of merged edits goes on after it.

        Parameters
        ----------
        title : str
            Title of the step. Inside another group, the edits become part of that group.
        """
        if self._group is not None:
            yield
            return
        self._group = []
        try:
            yield
        finally:
            made, self._group = self._group, None
            if made:
                self._end_group(title, made)

    def undo(self) -> Edit | None:
        """Revert the last step and return the applied edit; None if there is no step."""
        if not self.can_undo:
            return None
        edit = self._undo[-1].inverse()
        self.seal()
        self._apply(edit, lambda: self._redo.append(self._undo.pop()))
        return edit

    def redo(self) -> Edit | None:
        """Apply the last undone step again and return the edit; None if there is no step."""
        if not self.can_redo:
            return None
        edit = self._redo[-1]
        self._apply(edit, lambda: self._undo.append(self._redo.pop()))
        return edit

    def _apply(self, edit: Edit, note: Callable[[], None]) -> None:
        """Apply an edit, and note and record it before any listener can make another edit."""

        def applied() -> None:
            note()
            self._record(edit)

        try:
            self._project.apply(edit, applied)
        finally:
            self.changed.emit()

    def _end_group(self, title: str, made: Iterable[Change]) -> None:
        self.seal()
        changes = combine(made)
        if changes:
            self._undo.append(EditGroup(title=title, edits=changes))
        self.changed.emit()

    def _note(self, edit: Edit, merge: str | None) -> None:
        self._redo.clear()
        if self._group is not None:
            self._group.extend(edit.changes)
            return
        merges = merge is not None and merge == self._merge
        self._merge = merge
        step = _merged(self._undo.pop(), edit) if merges else edit
        if step:
            self._undo.append(step)
        else:
            self.seal()


def _merged(first: Edit, second: Edit) -> Edit | None:
    """Return one step equivalent to both, or None if the second reverts the first."""
    changes = combine([*first.changes, *second.changes])
    if len(changes) < 2:
        return changes[0] if changes else None
    return EditGroup(title=first.title, edits=changes)
