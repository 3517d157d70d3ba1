"""The project: settings, micrographs, labels and strokes, which only edits change."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

from psygnal import Signal
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from napari_drpnet.base.frozen import Stored
from napari_drpnet.project.state.edits import (
    Change,
    Edit,
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    PaintEdit,
    Settings,
    SettingsEdit,
)
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.strokes import Strokes

ItemT = TypeVar("ItemT", bound=Label | MicrographRecord)


class ProjectState(Stored):
    """Complete state of a project at one moment.

    Parameters
    ----------
    settings : Settings
        Settings for picking.
    micrographs : dict of str to MicrographRecord
        Records by id, in order.
    labels : dict of str to tuple of Label
        Labels by micrograph id, ordered by label id; including those of removed micrographs.
    next_label_ids : dict of str to int
        Id of the next new label, by micrograph id.
    next_micrograph : int
        Number of the next new micrograph.
    strokes : dict of str to Strokes
        Strokes by micrograph id, of micrographs that have any; including removed ones.
    """

    settings: Settings = Settings()
    micrographs: dict[str, MicrographRecord] = Field(default_factory=dict)
    labels: dict[str, tuple[Label, ...]] = Field(default_factory=dict)
    next_label_ids: dict[str, int] = Field(default_factory=dict)
    next_micrograph: int = 1
    strokes: dict[str, Strokes] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _serialize(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what earlier versions do not know, unless there is some."""
        content: dict[str, Any] = serialize(self)
        if not self.strokes:
            del content["strokes"]
        return content


def _do_nothing() -> None: ...


class Project:
    """Micrographs, settings, labels and strokes of a project.

    Signals are emitted after an edit has been applied completely.

    Parameters
    ----------
    settings : Settings, optional
        Initial settings; default: all defaults.
    """

    #: Emitted with the ids of added, removed and changed micrographs, in order.
    micrographs_changed = Signal(tuple)
    #: Emitted with the id of the micrograph whose labels have changed.
    labels_changed = Signal(str)
    #: Emitted with the id of the micrograph whose strokes have changed.
    strokes_changed = Signal(str)
    #: Emitted with the settings before and after a change.
    settings_changed = Signal(Settings, Settings)

    def __init__(self, settings: Settings | None = None) -> None:
        self._state = ProjectState(settings=settings or Settings())

    @classmethod
    def from_state(cls, state: ProjectState) -> Self:
        """Create a project from its complete state."""
        project = cls()
        project._state = state
        return project

    @property
    def state(self) -> ProjectState:
        """Complete state, which is immutable; each edit replaces it."""
        return self._state

    @property
    def settings(self) -> Settings:
        """Settings for picking."""
        return self._state.settings

    @property
    def micrographs(self) -> Mapping[str, MicrographRecord]:
        """Records by id, in order."""
        return self._state.micrographs

    def labels(self, micrograph_id: str) -> tuple[Label, ...]:
        """Return the labels of a micrograph, even of a removed one, ordered by id."""
        return self._state.labels.get(micrograph_id, ())

    @property
    def strokes(self) -> Mapping[str, Strokes]:
        """Strokes by micrograph id, of those that have any, even of removed micrographs."""
        return self._state.strokes

    @property
    def painted(self) -> list[tuple[MicrographRecord, Strokes]]:
        """Included micrographs with strokes."""
        given = ((record, self.strokes.get(name)) for name, record in self.micrographs.items())
        return [
            (record, strokes)
            for record, strokes in given
            if record.included and strokes is not None and not strokes.is_empty
        ]

    def next_label_id(self, micrograph_id: str) -> int:
        """Return an id never used for a label of the micrograph; larger ids are unused too."""
        return self._state.next_label_ids.get(micrograph_id, 1)

    def next_micrograph_number(self) -> int:
        """Return a number never used for a micrograph; larger numbers are unused too."""
        return self._state.next_micrograph

    def apply(self, edit: Edit, applied: Callable[[], None] = _do_nothing) -> None:
        """Apply an edit completely or not at all.

        Parameters
        ----------
        edit : Edit
            Edit to apply.
        applied : callable
            Called after the edit has been applied and before any signal is emitted.

        Raises
        ------
        ValueError
            If `before` of the edit does not match the project, which then remains unchanged.
        """
        old = new = self._state
        for change in edit.changes:
            new = _changed(new, change)
        self._state = new
        try:
            applied()
        finally:
            self._announce(old, new)

    def _announce(self, old: ProjectState, new: ProjectState) -> None:
        if old.micrographs is not new.micrographs:
            self.micrographs_changed.emit(_differences(old.micrographs, new.micrographs))
        if old.settings != new.settings:
            self.settings_changed.emit(old.settings, new.settings)
        for micrograph, labels in new.labels.items():
            if labels is not old.labels.get(micrograph):
                self.labels_changed.emit(micrograph)
        for micrograph in {**old.strokes, **new.strokes}:
            if new.strokes.get(micrograph) is not old.strokes.get(micrograph):
                self.strokes_changed.emit(micrograph)


def _differences(
    old: Mapping[str, MicrographRecord], new: Mapping[str, MicrographRecord]
) -> tuple[str, ...]:
    """Return the ids of added, removed and changed records, in order."""
    records = _in_order({**old, **new}.values())
    return tuple(name for name in records if old.get(name) != new.get(name))


def _in_order(records: Iterable[MicrographRecord]) -> dict[str, MicrographRecord]:
    return {record.id: record for record in sorted(records, key=lambda record: record.number)}


def _changed(state: ProjectState, change: Change) -> ProjectState:
    """Return the state after a change."""
    if isinstance(change, SettingsEdit):
        if state.settings != change.before:
            raise ValueError("the settings are not those that the edit starts from")
        return state.model_copy(update={"settings": change.after})
    if isinstance(change, MicrographEdit):
        return _with_micrographs(state, change)
    if isinstance(change, PaintEdit):
        return _with_strokes(state, change)
    return _with_labels(state, change)


def _with_micrographs(state: ProjectState, edit: MicrographEdit) -> ProjectState:
    records = _replaced(state.micrographs.values(), edit.before, edit.after)
    next_number = max((record.number + 1 for record in edit.after), default=1)
    return state.model_copy(
        update={
            "micrographs": _in_order(records),
            "next_micrograph": max(state.next_micrograph, next_number),
        }
    )


def _with_labels(state: ProjectState, edit: LabelEdit) -> ProjectState:
    name = edit.micrograph
    if name not in state.micrographs:
        raise ValueError(f"there is no micrograph {name}")
    labels = _replaced(state.labels.get(name, ()), edit.before, edit.after)
    labels.sort(key=lambda label: label.id)
    used = max((label.id for label in edit.after), default=0)
    next_id = max(state.next_label_ids.get(name, 1), used + 1)
    return state.model_copy(
        update={
            "labels": {**state.labels, name: tuple(labels)},
            "next_label_ids": {**state.next_label_ids, name: next_id},
        }
    )


def _with_strokes(state: ProjectState, edit: PaintEdit) -> ProjectState:
    name = edit.micrograph
    if name not in state.micrographs:
        raise ValueError(f"there is no micrograph {name}")
    there = state.strokes.get(name) or Strokes.nothing(edit.full_shape)
    if there.full_shape != edit.full_shape:
        raise ValueError(f"the strokes of {name} belong to a micrograph of another size")
    painted = there.patched(edit.patch)
    others = {other: strokes for other, strokes in state.strokes.items() if other != name}
    strokes = others if painted.is_empty else {**state.strokes, name: painted}
    return state.model_copy(update={"strokes": strokes})


def _replaced(
    present: Iterable[ItemT], before: Iterable[ItemT], after: Iterable[ItemT]
) -> list[ItemT]:
    """Return the items present without those in `before`, and with those in `after`."""
    items = {item.id: item for item in present}
    for item in before:
        if items.pop(item.id, None) != item:
            raise ValueError(f"{item.id} is not what the edit starts from")
    for item in after:
        if items.setdefault(item.id, item) is not item:
            raise ValueError(f"{item.id} is there already")
    return list(items.values())
