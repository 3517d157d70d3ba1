"""What a job of RELION was made from: the particles that were extracted before it."""

import re
from collections.abc import Iterator
from pathlib import Path

from napari_drpnet.base.paths import is_inside
from napari_drpnet.base.text import AnyPath
from napari_drpnet.relion.star_tables import read_tables

PARTICLES = "particles.star"
_EDGES = "pipeline_input_edges"
_FROM, _TO = "rlnPipeLineEdgeFromNode", "rlnPipeLineEdgeProcess"
#: Pipelines that have the inputs of a job: its own, in its folder, and that of the project.
_OWN, _PROJECT = "job_pipeline.star", "default_pipeline.star"
_JOB = re.compile(r"(?P<kind>\w+)/job\d{3,}")
_EXTRACT = "Extract"


def find_extractions(file: AnyPath) -> tuple[Path, ...]:
    """Find the particles that were extracted before a job chose some of them.

    Parameters
    ----------
    file : path-like
        File of a RELION job, such as ``Select/job010/particles.star``.

    Returns
    -------
    tuple of pathlib.Path
        ``particles.star`` of each Extract job from which the particles come, directly or through
        other jobs. Where particles were extracted twice, that of the first time. Empty if the file
        is not in the folder of a job, or RELION's pipeline does not lead to such a job.

    Raises
    ------
    InputFileError
        If a pipeline is damaged.
    """
    folder = Path(file).absolute().parent
    job = "/".join(folder.parts[-2:])
    if not _JOB.fullmatch(job):
        return ()
    return tuple(dict.fromkeys(_first_extractions(folder.parents[1], job, set())))


def _first_extractions(project: Path, job: str, seen: set[str]) -> Iterator[Path]:
    """Yield the particles of the first Extract jobs on all ways that lead to a job."""
    seen.add(job)
    earlier = [
        path
        for node in _inputs(project, job)
        if (found := _JOB.match(node)) and found[0] not in seen
        for path in _first_extractions(project, found[0], seen)
    ]
    particles = project / job / PARTICLES
    if not earlier and job.startswith(f"{_EXTRACT}/") and particles.is_file():
        earlier = [particles]
    yield from earlier


def _inputs(project: Path, job: str) -> list[str]:
    """Return the files that a job takes, relative to the project folder."""
    for name in (f"{job}/{_OWN}", _PROJECT):
        path = project / name
        if is_inside(project, name) and path.is_file():
            table = read_tables(path, {_EDGES}).get(_EDGES)
            if table is not None and _FROM in table and _TO in table:
                edges = zip(table[_FROM], table[_TO], strict=True)
                if inputs := [node for node, process in edges if process.rstrip("/") == job]:
                    return inputs
    return []
