"""Undo and redo."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from psygnal import Signal

from napari_drpnet.project.state.edits import Change, Edit, EditGroup, combine
from napari_drpnet.project.state.model import Project

DEPTH = 1000


def _forget(edit: Edit) -> None: ...


class History:
    """What was done to a project, to be undone and redone step by step.

    Parameters
    ----------
    project : Project
        What the edits are applied to.
    record : callable
        Gets each edit that was applied, also those that undo; it may fail, the edit counts.
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
        """Whether there is a step to undo; never inside a group."""
        return bool(self._undo) and self._group is None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo; never inside a group."""
        return bool(self._redo) and self._group is None

    @property
    def undo_title(self) -> str | None:
        """What `undo` would take back."""
        return self._undo[-1].title if self.can_undo else None

    @property
    def redo_title(self) -> str | None:
        """What `redo` would do again."""
        return self._redo[-1].title if self.can_redo else None

    def do(self, edit: Edit, merge: str | None = None) -> None:
        """Apply an edit as a step, or as part of the step that is under way.

        Parameters
        ----------
        edit : Edit
            What to change. Where it changes nothing, nothing happens.
        merge : str, optional
            Edits that follow each other with the same name here are one step, as a slider is
            dragged; until `seal`.

        Raises
        ------
        ValueError
            When the edit does not fit the project; nothing has changed then.
        """
        if combine(edit.changes):
            self._apply(edit, partial(self._note, edit, merge))

    def seal(self) -> None:
        """End a step of merged edits: the next edit is a step of its own."""
        self._merge = None

    @contextmanager
    def grouped(self, title: str) -> Iterator[None]:
        """Make one step of all edits inside, also where an error ends it.

        Parameters
        ----------
        title : str
            Of the step. Inside another group the edits belong to that one.
        """
        if self._group is not None:
            yield
            return
        self._group = []
        self.seal()
        try:
            yield
        finally:
            changes, self._group = combine(self._group), None
            if changes:
                self._undo.append(EditGroup(title=title, edits=changes))
            self.changed.emit()

    def undo(self) -> Edit | None:
        """Take the last step back, and return the edit that did it."""
        if not self.can_undo:
            return None
        edit = self._undo[-1].inverse()
        self.seal()
        self._apply(edit, lambda: self._redo.append(self._undo.pop()))
        return edit

    def redo(self) -> Edit | None:
        """Do the last undone step again, and return the edit that did it."""
        if not self.can_redo:
            return None
        edit = self._redo[-1]
        self._apply(edit, lambda: self._undo.append(self._redo.pop()))
        return edit

    def _apply(self, edit: Edit, note: Callable[[], None]) -> None:
        """Apply an edit, and note and record it before any view can do another."""

        def applied() -> None:
            note()
            self._record(edit)

        try:
            self._project.apply(edit, applied)
        finally:
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
    """Return one step for two; None where the second takes the first back."""
    changes = combine([*first.changes, *second.changes])
    if len(changes) < 2:
        return changes[0] if changes else None
    return EditGroup(title=first.title, edits=changes)
