"""Export options of the user, saved with the project."""

from pathlib import Path

from pydantic import Field, field_validator

from napari_drpnet.base.frozen import Parameters
from napari_drpnet.batch.folder.mask_files import MASK_FILES, require_masks
from napari_drpnet.batch.folder.outputs import coordinate_endings, require_formats
from napari_drpnet.formats import WRITTEN
from napari_drpnet.project.files.kept_choice import KeptChoice
from napari_drpnet.project.files.programs import PROGRAMS, ProgramName


class ExportOptions(Parameters):
    """Options for exporting picks."""

    program: ProgramName = Field("RELION 5", title="Program that reads the files")
    formats: tuple[str, ...] = Field((), title=f"Further coordinate files: {', '.join(WRITTEN)}")
    box_size_px: int | None = Field(
        None,
        ge=2,
        le=1_000_000,
        title="Side of boxes in .box and .cbox files, in pixels; default: 1.5 particle diameters",
    )
    masks: tuple[str, ...] = Field((), title=f"Files of the segmentation: {', '.join(MASK_FILES)}")
    selection: bool = Field(
        False, title="Also RELION's list of only the included micrographs, for its next job"
    )

    @field_validator("formats")
    @classmethod
    def _require_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if formats:
            require_formats(formats)
        return formats

    @field_validator("masks")
    @classmethod
    def _require_masks(cls, masks: tuple[str, ...]) -> tuple[str, ...]:
        require_masks(masks)
        return masks

    @property
    def taken(self) -> str | None:
        """Suffix of the file of each micrograph for the program; None if there is only one file."""
        program = PROGRAMS[self.program]
        return program.suffix if program.ending else None

    @property
    def further(self) -> tuple[str, ...]:
        """Suffixes of the further files, without that of the files for the program."""
        return tuple(suffix for suffix in self.formats if suffix != self.taken)

    @property
    def endings(self) -> list[str]:
        """Endings of the files of each micrograph, that for the program first."""
        ending = PROGRAMS[self.program].ending
        return [*([ending] if ending else []), *coordinate_endings(self.further)]

    @property
    def format_names(self) -> list[str]:
        """Formats of the files of `endings`, keys of `FORMATS`."""
        program = PROGRAMS[self.program]
        first = [program.format_name] if program.ending else []
        return [*first, *(WRITTEN[suffix].name for suffix in self.further)]

    @property
    def has_boxes(self) -> bool:
        """Whether the size of boxes is written to one of the files of each micrograph."""
        return any(WRITTEN[Path(f"x{ending}").suffix].has_boxes for ending in self.endings)


class ExportChoice(ExportOptions, KeptChoice):
    """Export options with the output folder and the choice of micrographs."""

    folder: Path | None = Field(
        None,
        title="Output folder; default: DRPnet in RELION's project folder, else in this project",
    )
    only_current: bool = Field(False, title="Only the micrograph that is shown, not all included")
