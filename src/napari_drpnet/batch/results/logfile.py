"""PDF report of a RELION job: counts, scores and example micrographs."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.colours import BLUE
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.wording import counted
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.outcomes import BatchReport, PickedMicrograph
from napari_drpnet.batch.folder.outputs import find_indexed
from napari_drpnet.batch.results.summary import find_doubts
from napari_drpnet.batch.results.wording import (
    count_advice,
    describe_accepts,
    describe_threshold,
    list_weights,
)
from napari_drpnet.formats import read_coordinates
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.preview import draw_preview

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

LOGFILE = "logfile.pdf"

_PAGE_INCHES = (8.27, 11.69)
_PICTURE_INCHES = 7.5
#: Colours of a picture: a few greys and the rings. PDF then stores a palette, in less space.
_COLOURS = 64
_MOST_REASONS = 12


def write_logfile(path: Path, report: BatchReport, entries: Iterable[BatchEntry]) -> None:
    """Write a PDF file with the counts and scores of all micrographs, and pictures of a few.

    Parameters
    ----------
    path : pathlib.Path
        File to create or replace, in the output folder.
    report : BatchReport
        Results of the batch, with at least one picked micrograph.
    entries : iterable of BatchEntry
        Micrographs of the batch.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    from matplotlib.backends.backend_pdf import PdfPages

    entry_of = {entry.micrograph.name: entry for entry in entries}
    with atomic_file(path) as temporary, PdfPages(temporary) as pages:
        pages.savefig(_draw_numbers(report))
        for picked in find_examples(report.picked):
            if picture := _draw_example(picked, entry_of[picked.name], path.parent):
                pages.savefig(_on_page(picture))


def find_examples(picked: Sequence[PickedMicrograph]) -> list[PickedMicrograph]:
    """Return the micrographs with the fewest, a median number and the most particles."""
    ordered = sorted(picked, key=lambda each: each.accepted)
    last = len(ordered) - 1
    return [ordered[k] for k in sorted({0, last // 2, last}) if ordered]


def _draw_numbers(report: BatchReport) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=_PAGE_INCHES, layout="constrained")
    figure.suptitle(describe(report), x=0.02, horizontalalignment="left", fontsize=9)
    series, counts, scores = figure.subplots(3, 1)
    accepted = [picked.accepted for picked in report.picked]
    series.plot(range(1, len(accepted) + 1), accepted, ".", color=BLUE, markersize=4)
    series.set(xlabel="micrograph, in the order of the list", ylabel="particles")
    series.set_ylim(0, 1.05 * max(accepted, default=0) + 1)
    _draw_histogram(counts, accepted, "particles in a micrograph")
    means = [picked.mean_fom for picked in report.picked if picked.mean_fom is not None]
    _draw_histogram(scores, means, "mean figure of merit of a micrograph")
    for axes in (series, counts, scores):
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.get_major_locator().set_params(integer=True)
    for axes in (series, counts):
        axes.xaxis.get_major_locator().set_params(integer=True)
    return figure


def _draw_histogram(axes: "Axes", values: Sequence[float], label: str) -> None:
    axes.hist(values, bins=min(40, max(5, len(values) // 4)), color=BLUE)
    axes.set(xlabel=label, ylabel="micrographs")


def describe(report: BatchReport) -> str:
    """Return the text of the first page: particles, parameters, cuts, advice and failures."""
    parameters, networks = report.parameters, report.networks
    accepted = sum(picked.accepted for picked in report.picked)
    names = [network.name for network in list_weights(networks)]
    cuts = describe_threshold(parameters.peaks)
    if networks.classifier:
        cuts += f", {describe_accepts(report.picked, parameters.classifier.accept)}"
    reasons = [failed.message for failed in report.failed]
    more = len(reasons) - _MOST_REASONS
    lines = [
        f"DRPnet: {counted(accepted, 'particle')} in {counted(len(report.picked), 'micrograph')}",
        f"Particle diameter {parameters.particle.diameter_angstrom:g} Å, {cuts}, "
        f"weights {' and '.join(names)}",
        "Aborted before the last micrograph: continue the job to pick the rest"
        * report.interrupted,
        *find_doubts(report),
        *map(str, count_advice(report.picked)),
        f"{counted(len(reasons), 'micrograph')} could not be picked:" if reasons else "",
        *reasons[:_MOST_REASONS],
        f"and {more} more" if more > 0 else "",
    ]
    return "\n".join(fill(line, 110) for line in lines if line)


def _draw_example(picked: PickedMicrograph, entry: BatchEntry, folder: Path) -> "Image | None":
    """Draw a micrograph with its picks; return None if its files can no longer be read."""
    file = find_indexed(picked.files)
    assert file is not None
    try:
        micrograph = read_micrograph(entry.micrograph.path)
        coordinates = read_coordinates(folder / file)
    except InputFileError:
        return None
    named = micrograph.with_pixel_size(picked.pixel_size_angstrom)
    return draw_preview(named, coordinates.as_picks(), picked.diameter_px)


def _on_page(picture: "Image") -> "Figure":
    """Return a page with a picture, in the shape of the picture."""
    from matplotlib.figure import Figure

    size = (_PICTURE_INCHES, _PICTURE_INCHES * picture.height / picture.width)
    figure = Figure(figsize=size)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(np.asarray(picture.quantize(_COLOURS).convert("RGB")), interpolation="none")
    return figure
