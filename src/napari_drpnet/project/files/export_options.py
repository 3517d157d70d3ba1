"""Export options of the user, saved with the project."""

import json
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.frozen import Parameters
from napari_drpnet.batch.folder.outputs import require_formats
from napari_drpnet.formats import WRITTEN
from napari_drpnet.relion.pipeline import RelionVersion


class ExportOptions(Parameters):
    """Options for exporting picks."""

    formats: tuple[str, ...] = Field((".star",), title=f"Coordinate files: {', '.join(WRITTEN)}")
    relion: RelionVersion = Field("5", title="Version of RELION that reads the files")
    box_size_px: int | None = Field(
        None,
        ge=2,
        le=1_000_000,
        title="Side of boxes in .box and .cbox files, in pixels; default: 1.5 particle diameters",
    )
    cryosparc: bool = Field(
        False, title="Also one file of all particles for cryoSPARC's job Import Particles"
    )

    selection: bool = Field(
        False, title="Also RELION's list of only the included micrographs, for its next job"
    )

    @field_validator("formats")
    @classmethod
    def _require_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        require_formats(formats)
        return formats


class ExportChoice(ExportOptions):
    """Export options with the output folder and the choice of micrographs."""

    folder: Path | None = Field(
        None,
        title="Output folder; default: DRPnet in RELION's project folder, else in this project",
    )
    only_current: bool = Field(False, title="Only the micrograph that is shown, not all included")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a saved choice; return the defaults if there is none or it is damaged."""
        try:
            return cls.model_validate(json.loads(path.read_bytes()))
        except (OSError, ValueError):
            return cls()

    def save(self, path: Path) -> None:
        """Save the choice to a file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        # ASCII only, so that names which are not UTF-8 survive too.
        text = json.dumps(self.model_dump(mode="json"))
        with atomic_file(path) as temporary:
            temporary.write_text(text, encoding="ascii")
