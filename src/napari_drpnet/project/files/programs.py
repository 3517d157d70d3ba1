"""The programs that picks are exported for: which files each reads, and what to type there."""

from dataclasses import dataclass
from typing import Literal

from napari_drpnet.batch.folder.outputs import coordinate_endings
from napari_drpnet.formats import FORMATS, RELION_FORMATS
from napari_drpnet.relion.pipeline import RelionVersion

ProgramName = Literal["RELION 5", "RELION 4", "RELION 3.1", "cryoSPARC", "crYOLO", "EMAN2", "Topaz"]

_IN_RELION = (
    "Type or paste this as Input coordinates in the job Particle extraction, tab I/O. Browse lists "
    "only RELION's own jobs."
)


@dataclass(frozen=True)
class Program:
    """Program that reads exported picks.

    Parameters
    ----------
    format_name : str
        Format of its files, a key of `FORMATS`.
    advice : str
        What to do there with the path that the user is given: that of `joint`, that of RELION's
        index, or else a pattern for the files of all micrographs.
    command : str
        Command with ``{place}`` for this path; empty if the program has none for it.
    command_advice : str
        What the command does, and what the user has to replace or to add in it.
    ending : str
        Ending of the file of each micrograph; empty if there is only the joint one. Programs that
        find the micrograph by the name of the file need the same name.
    joint : str
        Name of the one file with the particles of all micrographs; empty if there is none.
    relion : {'3.1', '4', '5'}, optional
        Version of RELION; None for other programs.
    flips_tiff : bool
        Whether the program turns TIFF micrographs upside down when it reads them.
    """

    format_name: str
    advice: str
    command: str = ""
    command_advice: str = ""
    ending: str = ""
    joint: str = ""
    relion: RelionVersion | None = None
    flips_tiff: bool = False

    @property
    def suffix(self) -> str:
        """Suffix of its files."""
        return FORMATS[self.format_name].suffix


def _relion(version: RelionVersion) -> Program:
    (ending,) = coordinate_endings([".star"])
    return Program(
        RELION_FORMATS[version], _IN_RELION, ending=ending, relion=version, flips_tiff=True
    )


#: All programs by name, in the order in which they are offered.
PROGRAMS: dict[ProgramName, Program] = {
    "RELION 5": _relion("5"),
    "RELION 4": _relion("4"),
    "RELION 3.1": _relion("3.1"),
    "cryoSPARC": Program(
        "cryosparc",
        "In the job Import Particle Stack, this is the Particle meta path. Switch on Ignore raw "
        "data and Ignore pose data, and connect the micrographs.",
        joint="cryosparc.star",
    ),
    "crYOLO": Program(
        "cryolo",
        "Boxes for crYOLO. For training, their folder is the train_annot_folder.",
        command="napari_boxmanager 'MICROGRAPHS/*.mrc' '{place}'",
        command_advice="Shows them in crYOLO's box manager. MICROGRAPHS is your folder.",
        ending=".cbox",
    ),
    "EMAN2": Program(
        "eman",
        "Boxes for EMAN2.",
        command="e2import.py --import_boxes --box_type boxes {place}",
        command_advice="Imports them. Type it in the folder of the EMAN2 project.",
        ending=".box",
        flips_tiff=True,
    ),
    "Topaz": Program(
        "topaz",
        "Coordinates for Topaz, in pixels of the micrographs. If its images are smaller, first "
        "scale them with topaz convert and its option -s.",
        command="topaz train --train-targets {place}",
        command_advice="Trains on them. Add the images and the other options.",
        joint="topaz.txt",
    ),
}
