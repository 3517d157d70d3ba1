"""HTML report about an output folder: counts, outliers, failures and parameters."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ValidationError

from napari_drpnet import __version__
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.base.pages import data_url, render_page
from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.base.text import read_text, write_text
from napari_drpnet.batch.entries import PICKS
from napari_drpnet.batch.folder.mask_files import MASK_FILES, PALETTE
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.results.report_charts import bands, histogram, sequence
from napari_drpnet.batch.results.statistics import (
    LIMIT_MADS,
    MicrographStatistics,
    Outlier,
    find_outliers,
    read_statistics,
)
from napari_drpnet.batch.results.wording import count_advice, describe_accept
from napari_drpnet.formats import read_class_map, read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preview import draw_classes, draw_picks

if TYPE_CHECKING:
    from PIL.Image import Image

REPORT = "report.html"
_TEMPLATE = Path(__file__).with_name("report.html.j2")
#: Number of pictures of outliers and of typical micrographs, and of rows in a part of the table.
_OUTLIERS, _TYPICAL, _ROWS = 12, 4, 500
#: Longest side of a picture, in pixels.
LONGEST_SIDE = 480
_JPEG_QUALITY = 75
#: Endings of files with the classes of a micrograph.
_CLASSES = (MASK_FILES["png"].ending, MASK_FILES["npz"].ending)


class _Failure(BaseModel):
    name: str
    message: str


class _Network(BaseModel):
    name: str
    sha256: str


class _Device(BaseModel):
    name: str


class _Run(BaseModel):
    """The part of ``summary.json`` that a report needs."""

    interrupted: bool
    errors: tuple[_Failure, ...]
    warnings: tuple[str, ...]
    device: _Device
    networks: dict[str, _Network | None]
    parameters: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class _Picture:
    micrograph: MicrographStatistics
    data: str | None
    reasons: tuple[str, ...] = ()


def write_report(folder: Path, job: Job | None = None) -> Path:
    """Write a report about an output folder, as one self-contained HTML file.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder of `pick_micrographs`, with picks or with masks alone.
    job : Job, optional
        Progress callback, called after each picture; it may cancel the work.

    Returns
    -------
    pathlib.Path
        Path of the report, ``report.html`` in the folder.

    Raises
    ------
    InputFileError
        If no run has ended in the folder.
    OSError
        If the report cannot be written.
    """
    run, micrographs = _read_run(Outputs(folder).summary), read_statistics(folder)
    outliers = find_outliers(micrographs)
    page = _render(
        folder=folder.absolute().name,
        run=run,
        micrographs=micrographs,
        outliers=outliers,
        pictures=_draw(folder, micrographs, outliers, job or SilentJob()),
        charts=_charts(micrographs, outliers),
        facts=_facts(micrographs, run),
        advice=count_advice(micrographs),
    )
    path = folder / REPORT
    write_text(path, page)
    return path


def _read_run(path: Path) -> _Run:
    remedy = "Give a folder in which drpnet pick or segment has ended; continue it with --resume"
    if not path.exists():
        raise InputFileError(path, "is missing", remedy)
    try:
        return _Run.model_validate_json(read_text(path))
    except ValidationError as error:
        raise InputFileError(path, "is not what drpnet writes", remedy) from error


def _render(micrographs: Sequence[MicrographStatistics], **content: Any) -> str:
    return render_page(
        _TEMPLATE,
        parts=[micrographs[at : at + _ROWS] for at in range(0, len(micrographs), _ROWS)],
        is_picked=_is_picked(micrographs),
        knows_dirt=any(micrograph.dirty_area is not None for micrograph in micrographs),
        classes=CLASSES,
        describe_accept=describe_accept,
        limit_mads=LIMIT_MADS,
        version=__version__,
        **content,
    )


def _is_picked(micrographs: Sequence[MicrographStatistics]) -> bool:
    """Return whether a folder is one of picks, and not of masks alone."""
    return not micrographs or any(micrograph.is_picked for micrograph in micrographs)


def _facts(micrographs: Sequence[MicrographStatistics], run: _Run) -> list[tuple[str, str]]:
    """Return the numbers at the top of the report, each with its label."""
    counts = [micrograph.count for micrograph in micrographs]
    dirt = [each.dirty_area for each in micrographs if each.dirty_area is not None]
    facts = [(f"{len(counts):,}", "micrographs picked")]
    if _is_picked(micrographs):
        facts.append((f"{sum(counts):,}", "particles"))
        if counts:
            facts.append((f"{np.median(counts):,.0f}", "particles in the median micrograph"))
    else:
        facts = [(f"{len(counts):,}", "micrographs segmented")]
    if dirt:
        facts.append((f"{np.mean(dirt):.1%}", "of the area is dirty"))
    return [*facts, (f"{len(run.errors):,}", "micrographs failed")]


def _charts(
    micrographs: Sequence[MicrographStatistics], outliers: Sequence[Outlier]
) -> Iterator[tuple[str, str, str]]:
    """Yield the title, the note and the SVG of each chart."""
    counts = [micrograph.count for micrograph in micrographs]
    quantiles = [micrograph.fom_quantiles for micrograph in micrographs]
    junk = [micrograph.contamination for micrograph in micrographs]
    dirt = [micrograph.dirty_area for micrograph in micrographs]
    far = {outlier.micrograph.name for outlier in outliers}
    rows = [row for row, micrograph in enumerate(micrographs) if micrograph.name in far]
    cross, things = "A cross marks a micrograph that stands out.", "micrographs"
    if counts and _is_picked(micrographs):
        note = "Number of micrographs by their number of accepted picks."
        yield "Picks per micrograph", note, histogram(counts, "picks", things)
        yield "Picks in order", cross, sequence(counts, rows, "picks", things)
    if any(quantiles):
        note = "Figures of merit of accepted picks: median, quartiles (dark) and range (light)."
        yield "Scores in order", note, bands(quantiles, "FOM", things)
    for title, shares in (("Contamination in order", junk), ("Dirty area in order", dirt)):
        if any(share is not None for share in shares):
            percent = [np.nan if share is None else 100 * share for share in shares]
            yield title, cross, sequence(percent, rows, "percent", things)


def _draw(
    folder: Path,
    micrographs: Sequence[MicrographStatistics],
    outliers: Sequence[Outlier],
    job: Job,
) -> dict[str, list[_Picture]]:
    far = outliers[:_OUTLIERS]
    typical = list(_typical(micrographs, outliers))
    total = len(far) + len(typical)

    def draw(micrograph: MicrographStatistics, done: int, reasons: tuple[str, ...]) -> _Picture:
        picture = _Picture(micrograph, draw_thumbnail(folder, micrograph), reasons)
        job.advance(done, total, "pictures")
        return picture

    return {
        "far": [draw(each.micrograph, done, each.reasons) for done, each in enumerate(far, 1)],
        "typical": [draw(each, done, ()) for done, each in enumerate(typical, len(far) + 1)],
    }


def _typical(
    micrographs: Sequence[MicrographStatistics], outliers: Sequence[Outlier]
) -> Iterator[MicrographStatistics]:
    """Yield the micrographs whose counts, or dirty areas, are nearest to the median."""
    far = {outlier.micrograph.name for outlier in outliers}
    near = [micrograph for micrograph in micrographs if micrograph.name not in far]
    if near:
        numbers = [each.count if each.is_picked else each.dirty_area or 0.0 for each in near]
        order = np.argsort(np.abs(np.array(numbers) - np.median(numbers)), kind="stable")
        yield from (near[row] for row in order[:_TYPICAL])


def draw_thumbnail(folder: Path, micrograph: MicrographStatistics) -> str | None:
    """Draw a picked micrograph as a JPEG of a few kB.

    Parameters
    ----------
    folder : pathlib.Path
        Output folder with the files of the micrograph. Its picks are drawn, else its classes.
    micrograph : MicrographStatistics
        Statistics of the micrograph, with the paths of its files.

    Returns
    -------
    str or None
        Picture as a ``data:`` URL; None if the micrograph or its files can no longer be read.
    """
    try:
        picture = _draw_thumbnail(folder, micrograph)
    except (InputFileError, OSError):
        return None
    if picture is None:
        return None
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return data_url("image/jpeg", jpeg.getvalue())


def _draw_thumbnail(folder: Path, micrograph: MicrographStatistics) -> "Image | None":
    """Draw a micrograph with its picks or classes; return None without files of either."""
    pixels = read_micrograph(micrograph.path)
    diameter_px = micrograph.diameter_px
    if micrograph.is_picked:
        file = next(file for file in micrograph.files if PICKS in Path(file).name)
        picks = read_coordinates(folder / file).as_picks()
        return draw_picks(pixels, picks, diameter_px, LONGEST_SIDE)
    for file in micrograph.files:
        if file.endswith(_CLASSES):
            classes = read_class_map(folder / file)
            return draw_classes(pixels, classes, diameter_px, PALETTE, LONGEST_SIDE)
    return None
