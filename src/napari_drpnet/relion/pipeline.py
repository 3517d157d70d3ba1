"""Files exchanged between RELION and an external job: version, output nodes, display settings."""

import re
from pathlib import Path
from typing import Literal

from napari_drpnet.base.text import read_head, write_text
from napari_drpnet.relion.star_tables import format_table, write_table

RelionVersion = Literal["3.1", "4", "5"]
NEWEST: RelionVersion = "5"

OUTPUT_NODES = "RELION_OUTPUT_NODES.star"
DISPLAY_SETTINGS = ".gui_manualpickjob.star"
#: Empty file by which RELION's window knows a project folder.
GUI_MARK = ".gui_projectdir"
#: File of display settings before version 3.1, which 3.1 still prefers.
_OLD_DISPLAY_SETTINGS = ".gui_manualpickrun.job"

#: Files that RELION writes in the folder of a job before starting it, and in the project folder.
_JOB_FILES = ("job.star", "job_pipeline.star")
_PROJECT_FILE = "default_pipeline.star"
#: STAR files about a job or a project in its folder, which have no coordinates.
STAR_FILES = (*_JOB_FILES, _PROJECT_FILE, OUTPUT_NODES)
_MOST_BYTES = 1 << 24
#: Pipeline without jobs, as all versions read it; `relion_pipeliner` does not start without one.
_NEW_PIPELINE = """
# version 30001

data_pipeline_general

_rlnPipeLineJobCounter                       1

"""

_LABELS = re.compile(r"_rln(?:Job|PipeLineProcess|PipeLineNode)TypeLabel\b")
_NUMBERS = re.compile(r"_rln(?:Job|PipeLineProcess|PipeLineNode)Type\b")

#: Column of node types, and its values for coordinates and log, from `pipeline_jobs.h` of 3.1.4,
#: 4.0.1 and 5.0.1. RELION 5 does not display coordinates with the label of RELION 4.
_NODE_TYPES: dict[RelionVersion, tuple[str, str, str]] = {
    "3.1": ("rlnPipeLineNodeType", "2", "13"),
    "4": (
        "rlnPipeLineNodeTypeLabel",
        "MicrographsCoords.star.relion.autopick",
        "LogFile.pdf.relion.autopick",
    ),
    "5": (
        "rlnPipeLineNodeTypeLabel",
        "MicrographCoordsGroup.star.relion.autopick",
        "LogFile.pdf.relion.autopick",
    ),
}


def write_new_pipeline(project: Path) -> None:
    """Make a folder a RELION project without jobs, unless it is a project already.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path = project / _PROJECT_FILE
    if not path.exists():
        write_text(path, _NEW_PIPELINE)


def find_relion_version(job: Path, project: Path) -> tuple[RelionVersion, Path] | None:
    """Determine which version of RELION started a job.

    Parameters
    ----------
    job, project : pathlib.Path
        Folder of the job, and folder of its project.

    Returns
    -------
    (RelionVersion, pathlib.Path) or None
        Version, and the file that it was taken from. Files in the folder of the job, which RELION
        writes for each run, take precedence over that of the project. None if there are none.

    Notes
    -----
    Types of jobs and nodes are numbers before RELION 4, and labels since then. RELION 5 writes
    ``# version 50001`` above its tables and gives the depth of labels; its first betas only the
    latter.
    """
    in_job = [found for name in _JOB_FILES if (found := _read_version(job / name))]
    return max(in_job, default=None) or _read_version(project / _PROJECT_FILE)


def find_project_version(project: Path) -> RelionVersion | None:
    """Return the version of RELION that wrote the pipeline of a project folder, or None."""
    found = _read_version(project / _PROJECT_FILE)
    return found[0] if found else None


def write_output_nodes(
    job: Path, coordinates: Path, log: Path | None, version: RelionVersion
) -> Path:
    """Write the list of output files that RELION shows for a job and offers as input to others.

    Parameters
    ----------
    job : pathlib.Path
        Folder of the job.
    coordinates : pathlib.Path
        Path, relative to the project, of the file that this version takes as input coordinates.
    log : pathlib.Path or None
        Path of a PDF file, relative to the project. It must exist, or RELION 3.1 quits.
    version : {'3.1', '4', '5'}
        RELION version, which determines the names of the node types.

    Returns
    -------
    pathlib.Path
        Path of ``RELION_OUTPUT_NODES.star`` in the folder.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    column, of_coordinates, of_log = _NODE_TYPES[version]
    nodes = {coordinates.as_posix(): of_coordinates}
    if log:
        nodes[log.as_posix()] = of_log
    path = job / OUTPUT_NODES
    write_table(path, "output_nodes", {"rlnPipeLineNodeName": [*nodes], column: [*nodes.values()]})
    return path


def write_display_settings(project: Path, diameter_angstrom: float, version: RelionVersion) -> bool:
    """Write the settings with which RELION displays picks, unless the project has some already.

    RELION 3.1 displays no picks without this file. Later versions draw circles of 100 Å.

    Parameters
    ----------
    project : pathlib.Path
        Folder of the project.
    diameter_angstrom : float
        Diameter of the circles in Å.
    version : {'3.1', '4', '5'}
        RELION version. It uses its own defaults for settings that the file lacks.

    Returns
    -------
    bool
        Whether the file was written.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path = project / DISPLAY_SETTINGS
    if path.exists() or (project / _OLD_DISPLAY_SETTINGS).exists():
        return False
    kind = ["_rlnJobType 3"] if version == "3.1" else ["_rlnJobTypeLabel relion.manualpick"]
    kind += ["_rlnJobIsContinue 0"] + ["_rlnJobIsTomo 0"] * (version != "3.1")
    options = {
        "rlnJobOptionVariable": ["diameter"],
        "rlnJobOptionValue": [f"{diameter_angstrom:g}"],
    }
    head = "\n".join(["", "data_job", "", *kind, ""])
    write_text(path, f"{head}\n{format_table('joboptions_values', options)}")
    return True


def _read_version(path: Path) -> tuple[RelionVersion, Path] | None:
    text = read_head(path, _MOST_BYTES)
    if "# version 5" in text or "NodeTypeLabelDepth" in text:
        return "5", path
    if _LABELS.search(text):
        return "4", path
    return ("3.1", path) if _NUMBERS.search(text) else None
