"""Edits of a project: what changes, from what to what, and so how to take it back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field

from napari_drpnet.base.frozen import Stored
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    ParticleParameters,
    PeakParameters,
    PickParameters,
)
from napari_drpnet.project.state.labels import Label

ValueT = TypeVar("ValueT")


class MicrographRecord(Stored):
    """One micrograph of a project.

    Parameters
    ----------
    id : str
        Stable in the project, and never given twice: ``m`` and a number, like ``m0001``.
    name : str
        RELION's name, to the letter.
    path : pathlib.Path
        Its file, absolute.
    output : str
        Where its files go inside an output folder, without ending, with ``/``.
    pixel_size_angstrom : float, optional
        Of unbinned pixels, where a list or the user gave it.
    defocus_angstrom : float, optional
        Where a list gave it.
    included : bool
        Whether it takes part in picking all and in exports.
    """

    id: str = Field(pattern=r"^m[0-9]{4,15}$")
    name: str
    path: Path
    output: str
    pixel_size_angstrom: float | None = Field(gt=0)
    defocus_angstrom: float | None
    included: bool = True

    @property
    def number(self) -> int:
        """The number in its id: its place in the list."""
        return int(self.id[1:])


class Settings(Stored):
    """How all micrographs of a project are picked.

    Parameters
    ----------
    particle : ParticleParameters, optional
        None until the user has given the diameter.
    detector, peaks, classifier : models of `napari_drpnet.picking.parameters`
        Each stage.
    micrographs_star : pathlib.Path, optional
        RELION's list that the micrographs came from.
    """

    particle: ParticleParameters | None = None
    detector: DetectorParameters = DetectorParameters()
    peaks: PeakParameters = PeakParameters()
    classifier: ClassifierParameters = ClassifierParameters()
    micrographs_star: Path | None = None

    @property
    def parameters(self) -> PickParameters | None:
        """What `napari_drpnet.pick` needs; None while the particle is unknown."""
        if self.particle is None:
            return None
        return PickParameters(
            particle=self.particle,
            detector=self.detector,
            peaks=self.peaks,
            classifier=self.classifier,
        )


class _Replacement(Stored, Generic[ValueT]):
    """Something takes the place of something."""

    before: ValueT
    after: ValueT

    @property
    def changes(self) -> tuple[Self, ...]:
        """Itself: see `EditGroup.changes`."""
        return (self,)

    def inverse(self) -> Self:
        """Return the edit that takes this one back."""
        return self.model_copy(update={"before": self.after, "after": self.before})


class LabelEdit(_Replacement[tuple[Label, ...]]):
    """Labels of one micrograph are added, changed or removed.

    Parameters
    ----------
    micrograph : str
        Id of the micrograph.
    before, after : tuple of Label
        Those in `before` are removed, then those in `after` put in.
    title : str
        For the menu.
    """

    kind: Literal["labels"] = "labels"
    micrograph: str
    title: str = "Change labels"


class SettingsEdit(_Replacement[Settings]):
    """The settings change."""

    kind: Literal["settings"] = "settings"

    @property
    def title(self) -> str:
        """For the menu: the parameter that changes, where it is one."""
        before, after = _by_name(self.before), _by_name(self.after)
        changed = [name for name in after if name in before and before[name] != after[name]]
        if len(changed) != 1 or before.keys() != after.keys():
            return "Change settings"
        name = changed[0].removesuffix("_px").removesuffix("_angstrom")
        return f"Change {name.replace('_', ' ')}"


class MicrographEdit(_Replacement[tuple[MicrographRecord, ...]]):
    """Micrographs are added, changed or removed.

    Parameters
    ----------
    before, after : tuple of MicrographRecord
        Those in `before` are removed, then those in `after` put in. The labels of a micrograph
        stay, so that they are there when it comes back.
    """

    kind: Literal["micrographs"] = "micrographs"

    @property
    def title(self) -> str:
        """For the menu: what is done, to how many."""
        shown = self.after or self.before
        what = "micrograph" if len(shown) == 1 else f"{len(shown)} micrographs"
        return f"{self._verb} {what}"

    @property
    def _verb(self) -> str:
        if not self.before:
            return "Add"
        if not self.after:
            return "Remove"
        included = {record.included for record in self.after}
        if len(included) > 1 or included & {record.included for record in self.before}:
            return "Change"
        return "Include" if included.pop() else "Exclude"


Change = LabelEdit | SettingsEdit | MicrographEdit


class EditGroup(Stored):
    """Several changes that are made and taken back together.

    Parameters
    ----------
    title : str
        For the menu.
    edits : tuple
        The changes, in their order.
    """

    kind: Literal["group"] = "group"
    title: str
    edits: tuple[Annotated[Change, Field(discriminator="kind")], ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """What any edit consists of."""
        return self.edits

    def inverse(self) -> Self:
        """Return the edit that takes this one back."""
        inverses = tuple(edit.inverse() for edit in reversed(self.edits))
        return self.model_copy(update={"edits": inverses})


Edit = Annotated[Change | EditGroup, Field(discriminator="kind")]


def _by_name(settings: Settings) -> dict[str, object]:
    """Return the values of all stages by the name of the parameter."""
    stages = settings.model_dump().values()
    return {
        name: value for stage in stages if isinstance(stage, dict) for name, value in stage.items()
    }


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
