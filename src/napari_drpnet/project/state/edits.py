"""Reversible edits of a project: each holds the values before and after the change."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from napari_drpnet.base.frozen import Stored, split_unit
from napari_drpnet.base.paths import is_relative_inside
from napari_drpnet.base.wording import short_number
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.picking.parameters import (
    ClassifierParameters,
    DetectorParameters,
    ParticleParameters,
    PeakParameters,
    PickParameters,
    SegmenterParameters,
)
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.strokes import (
    Classes,
    Patch,
    Shape,
    Side,
    pack,
    strokes_frame,
    unpack,
)

ValueT = TypeVar("ValueT")


class MicrographRecord(Stored):
    """One micrograph of a project.

    Parameters
    ----------
    id : str
        Id, stable in the project and never reused: ``m`` and a number, like ``m0001``.
    name : str
        Name of the micrograph, exactly as in RELION's list.
    path : pathlib.Path
        Absolute path of the file.
    output : str
        Path of its files inside an output folder, without the ending, separated by ``/``.
    pixel_size_angstrom : float, optional
        Size of unbinned pixels in Å, if a list or the user gave it.
    defocus_angstrom : float, optional
        Defocus in Å, if a list gave it.
    included : bool
        Whether the micrograph is included in picking all and in exports.
    """

    id: str = Field(pattern=r"^m[0-9]{4,15}$")
    name: str
    path: Path
    output: str
    pixel_size_angstrom: float | None = Field(gt=0)
    defocus_angstrom: float | None
    included: bool = True

    @field_validator("output")
    @classmethod
    def _stays_inside(cls, output: str) -> str:
        if not is_relative_inside(output):
            raise ValueError(f"output must be a path inside the output folder, not {output!r}")
        return output

    @classmethod
    def of(cls, number: int, entry: BatchEntry) -> Self:
        """Return the record of a micrograph with the given number, included."""
        micrograph = entry.micrograph
        return cls(
            id=f"m{number:05d}",
            name=micrograph.name,
            path=Path(os.path.abspath(micrograph.path)),
            output=entry.output.as_posix(),
            pixel_size_angstrom=micrograph.pixel_size_angstrom,
            defocus_angstrom=micrograph.defocus_angstrom,
        )

    @property
    def number(self) -> int:
        """Number in the id, which is the position in the list."""
        return int(self.id[1:])


class Settings(Stored):
    """Settings for picking all micrographs of a project.

    Parameters
    ----------
    particle : ParticleParameters, optional
        Parameters of the particle; None until the user has given the diameter.
    detector, peaks, classifier, segmenter : models of `napari_drpnet.picking.parameters`
        Parameters of each stage.
    micrographs_star : pathlib.Path, optional
        RELION's list from which the micrographs were opened.
    """

    particle: ParticleParameters | None = None
    detector: DetectorParameters = DetectorParameters()
    peaks: PeakParameters = PeakParameters()
    classifier: ClassifierParameters = ClassifierParameters()
    segmenter: SegmenterParameters = SegmenterParameters()
    micrographs_star: Path | None = None

    @model_serializer(mode="wrap")
    def _serialize(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what earlier versions do not know, unless something is set there."""
        content: dict[str, Any] = serialize(self)
        if not self.has_segmenter:
            del content["segmenter"]
        if self.peaks.border_box_px is None:
            del content["peaks"]["border_box_px"]
        return content

    @property
    def has_segmenter(self) -> bool:
        """Whether a parameter of the segmenter differs from its default."""
        return self.segmenter != SegmenterParameters()

    @property
    def parameters(self) -> PickParameters | None:
        """Parameters for `napari_drpnet.pick`; None while the particle diameter is unknown."""
        if self.particle is None:
            return None
        return PickParameters(
            particle=self.particle,
            detector=self.detector,
            peaks=self.peaks,
            classifier=self.classifier,
            segmenter=self.segmenter,
        )


class _Replacement(Stored, Generic[ValueT]):
    """Base of edits that replace one value with another."""

    before: ValueT
    after: ValueT

    @property
    def changes(self) -> tuple[Self, ...]:
        """The edit itself as its only change; see `EditGroup.changes`."""
        return (self,)

    def inverse(self) -> Self:
        """Return the edit that reverts this one."""
        return self.model_copy(update={"before": self.after, "after": self.before})


class LabelEdit(_Replacement[tuple[Label, ...]]):
    """Addition, change or removal of labels of one micrograph.

    Parameters
    ----------
    micrograph : str
        Id of the micrograph.
    before, after : tuple of Label
        The labels in `before` are removed, then those in `after` are added.
    title : str
        Title for the menu.
    """

    kind: Literal["labels"] = "labels"
    micrograph: str
    title: str = "Change labels"


class SettingsEdit(_Replacement[Settings]):
    """Change of the settings."""

    kind: Literal["settings"] = "settings"

    @property
    def title(self) -> str:
        """Title for the menu, which names the parameter if only one changes."""
        name = self._changed
        return f"Change {_in_words(name)}" if name else "Change settings"

    @property
    def values(self) -> str:
        """Name and values of the parameter, as ``pixel size 1.06 → 1.08 Å``, or only "settings"."""
        name = self._changed
        if not name:
            return "settings"
        before, after = (_value(_by_name(each)[name]) for each in (self.before, self.after))
        return f"{_in_words(name)} {before} → {after} {split_unit(name)[1]}".rstrip()

    @property
    def _changed(self) -> str:
        """Name of the parameter that changes; empty if several do."""
        before, after = _by_name(self.before), _by_name(self.after)
        changed = [name for name in after if name in before and before[name] != after[name]]
        return changed[0] if len(changed) == 1 and before.keys() == after.keys() else ""


class MicrographEdit(_Replacement[tuple[MicrographRecord, ...]]):
    """Addition, change or removal of micrographs.

    Parameters
    ----------
    before, after : tuple of MicrographRecord
        The records in `before` are removed, then those in `after` are added. The labels of a
        removed micrograph are kept, in case it is added again.
    """

    kind: Literal["micrographs"] = "micrographs"

    @property
    def title(self) -> str:
        """Title for the menu: the action and the number of micrographs."""
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


class PaintEdit(_Replacement[str]):
    """Change of the strokes of one micrograph in a rectangle of their grid.

    Parameters
    ----------
    micrograph : str
        Id of the micrograph.
    full_shape : tuple of int
        Shape ``(ny, nx)`` of the micrograph in unbinned pixels, which determines the grid.
    top, left, height, width : int
        Rectangle in pixels of the grid.
    before, after : str
        Classes in the rectangle as a packed `Patch`.
    title : str
        Title for the menu.
    """

    kind: Literal["strokes"] = "strokes"
    micrograph: str
    full_shape: tuple[Side, Side]
    top: int = Field(ge=0)
    left: int = Field(ge=0)
    height: Side
    width: Side
    title: str = "Paint"

    @model_validator(mode="after")
    def _fits_the_grid(self) -> Self:
        ny, nx = strokes_frame(self.full_shape).network_shape
        if self.top + self.height > ny or self.left + self.width > nx:
            raise ValueError(f"strokes outside a grid of {nx} × {ny} pixels")
        self.patch.require_classes()
        return self

    @classmethod
    def of(cls, micrograph: str, full_shape: Shape, patch: Patch, title: str) -> Self:
        """Return the edit that applies a patch to the strokes of a micrograph."""
        height, width = patch.before.shape
        return cls(
            micrograph=micrograph,
            full_shape=full_shape,
            top=patch.top,
            left=patch.left,
            height=height,
            width=width,
            before=pack(patch.before),
            after=pack(patch.after),
            title=title,
        )

    @classmethod
    def between(
        cls, micrograph: str, full_shape: Shape, before: Classes, after: Classes, title: str
    ) -> Self | None:
        """Return the edit that changes one raster into another; None if they are equal."""
        patch = Patch.between(before, after)
        return None if patch is None else cls.of(micrograph, full_shape, patch, title)

    @property
    def patch(self) -> Patch:
        """The change as arrays."""
        shape = self.height, self.width
        return Patch(self.top, self.left, unpack(self.before, shape), unpack(self.after, shape))


Change = LabelEdit | SettingsEdit | MicrographEdit | PaintEdit


class EditGroup(Stored):
    """Several changes that are applied and reverted together.

    Parameters
    ----------
    title : str
        Title for the menu.
    edits : tuple
        The changes in order.
    """

    kind: Literal["group"] = "group"
    title: str
    edits: tuple[Annotated[Change, Field(discriminator="kind")], ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes in order; every kind of edit has them."""
        return self.edits

    def inverse(self) -> Self:
        """Return the edit that reverts this one."""
        inverses = tuple(edit.inverse() for edit in reversed(self.edits))
        return self.model_copy(update={"edits": inverses})


Edit = Annotated[Change | EditGroup, Field(discriminator="kind")]


def _in_words(name: str) -> str:
    return split_unit(name)[0].replace("_", " ")


def _value(value: object) -> str:
    """Return the value of a parameter as text; a file of weights by its name."""
    if isinstance(value, float):
        return short_number(value, 4)
    return "default" if value is None else os.path.basename(str(value))


def _by_name(settings: Settings) -> dict[str, object]:
    """Return the parameter values of all stages by parameter name."""
    stages = [stage for _, stage in settings if isinstance(stage, BaseModel)]
    return {name: value for stage in stages for name, value in stage}


def combine(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Merge consecutive changes that concern the same object.

    Parameters
    ----------
    changes : iterable of Change
        Changes in the order in which they were made.

    Returns
    -------
    tuple of Change
        An equivalent, possibly shorter sequence. Changes without a net effect are dropped.
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
    """Return one change equivalent to both, or None if they concern different objects."""
    if isinstance(first, SettingsEdit) and isinstance(second, SettingsEdit):
        return first.model_copy(update={"after": second.after})
    if isinstance(first, MicrographEdit) and isinstance(second, MicrographEdit):
        return first.model_copy(update=_net(first, second))
    if isinstance(first, PaintEdit) and isinstance(second, PaintEdit):
        same = (first.micrograph, first.full_shape) == (second.micrograph, second.full_shape)
        return _painted(first, second) if same else None
    if isinstance(first, LabelEdit) and isinstance(second, LabelEdit):
        same = first.micrograph == second.micrograph
        return first.model_copy(update=_net(first, second)) if same else None
    return None


def _painted(first: PaintEdit, second: PaintEdit) -> PaintEdit:
    patch = first.patch.then(second.patch)
    return PaintEdit.of(first.micrograph, first.full_shape, patch, first.title)


def _net(
    first: LabelEdit | MicrographEdit, second: LabelEdit | MicrographEdit
) -> dict[str, tuple[Label | MicrographRecord, ...]]:
    """Return the items before and after two edits, without those that they leave unchanged.

    Items that exist only between the two edits are left out as well.
    """
    between = {item.id for item in first.after} & {item.id for item in second.before}
    before = [*first.before, *(item for item in second.before if item.id not in between)]
    after = [*(item for item in first.after if item.id not in between), *second.after]
    same = set(before) & set(after)
    return {
        "before": tuple(item for item in before if item not in same),
        "after": tuple(item for item in after if item not in same),
    }
