"""A page about an output folder: what was picked, what stands out, what failed, and with what."""

import io
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from napari_drpnet import __version__
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Job, SilentJob
from napari_drpnet.base.text import read_text, write_text
from napari_drpnet.batch.entries import PICKS
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
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preview import draw_picks

REPORT = "report.html"
_TEMPLATE = Path(__file__).with_name("report.html.j2")
#: So many pictures of outliers and of usual micrographs, and rows in one part of the table.
_OUTLIERS, _USUAL, _ROWS = 12, 4, 500
LONGEST_SIDE = 480
_JPEG_QUALITY = 75


class _Failure(BaseModel):
    name: str
    message: str


class _Network(BaseModel):
    name: str
    sha256: str


class _Device(BaseModel):
    name: str


class _Run(BaseModel):
    """What the last run has left in ``summary.json``, as far as a report needs it."""

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
    """Write a page about an output folder: one file, which needs no other and no network.

    Parameters
    ----------
    folder : pathlib.Path
        That `pick_micrographs` has written to.
    job : Job, optional
        Told after each picture; may cancel.

    Returns
    -------
    pathlib.Path
        The page, ``report.html`` in the folder.

    Raises
    ------
    InputFileError
        When no run has ended there.
    OSError
        When the page cannot be written.
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
    remedy = "Give a folder in which drpnet pick has ended; --resume lets it go on"
    if not path.exists():
        raise InputFileError(path, "is missing", remedy)
    try:
        return _Run.model_validate_json(read_text(path))
    except ValidationError as error:
        raise InputFileError(path, "is not what drpnet pick writes", remedy) from error


def _render(micrographs: Sequence[MicrographStatistics], **content: Any) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        parts=[micrographs[at : at + _ROWS] for at in range(0, len(micrographs), _ROWS)],
        describe_accept=describe_accept,
        limit_mads=LIMIT_MADS,
        version=__version__,
        written=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        **content,
    )


def _facts(micrographs: Sequence[MicrographStatistics], run: _Run) -> list[tuple[str, str]]:
    """Return the numbers at the top, each with what it counts."""
    counts = [micrograph.count for micrograph in micrographs]
    facts = [
        (f"{len(counts):,}", "micrographs picked"),
        (f"{sum(counts):,}", "particles"),
        (f"{len(run.errors):,}", "micrographs failed"),
    ]
    if counts:
        facts.insert(2, (f"{np.median(counts):,.0f}", "particles in the median micrograph"))
    return facts


def _charts(
    micrographs: Sequence[MicrographStatistics], outliers: Sequence[Outlier]
) -> Iterator[tuple[str, str, str]]:
    """Yield title, note and drawing of each chart."""
    counts = [micrograph.count for micrograph in micrographs]
    quantiles = [micrograph.fom_quantiles for micrograph in micrographs]
    dirt = [micrograph.contamination for micrograph in micrographs]
    far = {outlier.micrograph.name for outlier in outliers}
    rows = [row for row, micrograph in enumerate(micrographs) if micrograph.name in far]
    cross, things = "A cross marks a micrograph that stands out.", "micrographs"
    if counts:
        note = "How many micrographs have so many accepted picks."
        yield "Picks per micrograph", note, histogram(counts, "picks", things)
        yield "Picks in order", cross, sequence(counts, rows, "picks", things)
    if any(quantiles):
        note = "Figures of merit of accepted picks: median, quartiles (dark) and range (light)."
        yield "Scores in order", note, bands(quantiles, "FOM", things)
    if any(share is not None for share in dirt):
        percent = [np.nan if share is None else 100 * share for share in dirt]
        yield "Contamination in order", cross, sequence(percent, rows, "percent", things)


def _draw(
    folder: Path,
    micrographs: Sequence[MicrographStatistics],
    outliers: Sequence[Outlier],
    job: Job,
) -> dict[str, list[_Picture]]:
    far = outliers[:_OUTLIERS]
    usual = list(_usual(micrographs, outliers))
    total = len(far) + len(usual)

    def draw(micrograph: MicrographStatistics, done: int, reasons: tuple[str, ...]) -> _Picture:
        picture = _Picture(micrograph, draw_thumbnail(folder, micrograph), reasons)
        job.advance(done, total, "pictures")
        return picture

    return {
        "far": [draw(each.micrograph, done, each.reasons) for done, each in enumerate(far, 1)],
        "usual": [draw(each, done, ()) for done, each in enumerate(usual, len(far) + 1)],
    }


def _usual(
    micrographs: Sequence[MicrographStatistics], outliers: Sequence[Outlier]
) -> Iterator[MicrographStatistics]:
    """Yield the micrographs whose counts are nearest to the median."""
    far = {outlier.micrograph.name for outlier in outliers}
    usual = [micrograph for micrograph in micrographs if micrograph.name not in far]
    if usual:
        median = float(np.median([micrograph.count for micrograph in usual]))
        yield from sorted(usual, key=lambda micrograph: abs(micrograph.count - median))[:_USUAL]


def draw_thumbnail(folder: Path, micrograph: MicrographStatistics) -> str | None:
    """Draw a picked micrograph as a JPEG of a few kB.

    Parameters
    ----------
    folder : pathlib.Path
        The output folder, with its coordinate file.
    micrograph : MicrographStatistics
        Which one.

    Returns
    -------
    str or None
        A ``data:`` address; None where the micrograph or its coordinates cannot be read any more.
    """
    try:
        file = next(file for file in micrograph.files if PICKS in Path(file).name)
        picks = read_coordinates(folder / file).as_picks()
        pixels = read_micrograph(micrograph.path)
        picture = draw_picks(pixels, picks, micrograph.diameter_px, LONGEST_SIDE)
    except (InputFileError, OSError):
        return None
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{b64encode(jpeg.getvalue()).decode()}"
