"""Fewer edits that do the same, so that a stroke of the brush is undone as one."""

from collections.abc import Iterable

from napari_drpnet.project.state.edits import (
    Change,
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    SettingsEdit,
)
from napari_drpnet.project.state.labels import Label


def combine(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Do the same with fewer changes.

    Neighbours that are about the same thing become one, and what comes to nothing is left out.
    """
    combined: list[Change] = []
    for change in changes:
        both = _both(combined[-1], change) if combined else None
        if both:
            combined[-1] = both
        else:
            combined.append(change)
        if combined[-1].before == combined[-1].after:
            combined.pop()
    return tuple(combined)


def _both(first: Change, second: Change) -> Change | None:
    """Return the one change that does both, where they are about the same thing."""
    if isinstance(first, SettingsEdit) and isinstance(second, SettingsEdit):
        return first.model_copy(update={"after": second.after})
    if isinstance(first, MicrographEdit) and isinstance(second, MicrographEdit):
        return first.model_copy(update=_net(first, second))
    if isinstance(first, LabelEdit) and isinstance(second, LabelEdit):
        same = first.micrograph == second.micrograph
        return first.model_copy(update=_net(first, second)) if same else None
    return None


def _net(
    first: LabelEdit | MicrographEdit, second: LabelEdit | MicrographEdit
) -> dict[str, tuple[Label | MicrographRecord, ...]]:
    """Leave out what is there only between two edits, or is the same before and after both."""
    between = {item.id for item in first.after} & {item.id for item in second.before}
    before = [*first.before, *(item for item in second.before if item.id not in between)]
    after = [*(item for item in first.after if item.id not in between), *second.after]
    same = set(before) & set(after)
    return {
        "before": tuple(item for item in before if item not in same),
        "after": tuple(item for item in after if item not in same),
    }
