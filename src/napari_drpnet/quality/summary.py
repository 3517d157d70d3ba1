"""The numbers of the quality of picks, as rows of a table and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from napari_drpnet.evaluation.report import align_columns
from napari_drpnet.quality.classes import ClassAverage
from napari_drpnet.quality.efficiency import Efficiency
from napari_drpnet.quality.results import EqualCount, Quality

E_OD = "E_od (after Naydenova & Russo)"
NONE = "-"


def summary_rows(qualities: Sequence[Quality]) -> list[list[str]]:
    """Return the numbers of sets of picks: a heading, and rows of a name and a cell for each set.

    Parameters
    ----------
    qualities : sequence of Quality
        Sets of picks. What no set has is left out, and ``-`` stands for what one of them lacks.
    """
    cells = [dict(_numbers(quality)) for quality in qualities]
    names = dict.fromkeys(name for known in cells for name in known)
    rows = [[name, *(known.get(name, NONE) for known in cells)] for name in names]
    return [["", *(quality.name for quality in qualities)], *rows]


def _numbers(quality: Quality) -> Iterator[tuple[str, str]]:
    yield "particles", f"{quality.particles:,}"
    yield from _view_numbers(quality)
    yield from _resolution_numbers(quality)
    if quality.selection:
        yield "selected particles", f"{quality.selection.particles:,}"
    if quality.classes:
        yield from _class_numbers(quality)
    if quality.at_equal_count:
        yield from _equal_numbers(quality.at_equal_count)


def _view_numbers(quality: Quality) -> Iterator[tuple[str, str]]:
    views = quality.views
    if views is None:
        return
    yield "symmetry", views.symmetry
    yield "views, as stored", f"{views.counts.stored:,}"
    yield "views, folded", f"{views.counts.folded:,.0f} of {views.counts.possible:,.0f}"
    yield "views, expected if uniform", f"{views.counts.expected:,.0f}"
    yield E_OD, format_efficiency(views.efficiency)
    yield "E_od without symmetry", format_efficiency(views.efficiency_c1)


def _equal_numbers(equal: EqualCount) -> Iterator[tuple[str, str]]:
    yield f"views of {equal.particles:,} particles", f"{equal.views.folded:,.0f}"
    yield f"E_od of {equal.particles:,} particles", format_efficiency(equal.efficiency)


def _resolution_numbers(quality: Quality) -> Iterator[tuple[str, str]]:
    if quality.fsc:
        resolution = quality.fsc.resolution
        sign = "≤ " if resolution and resolution.at_nyquist else ""
        text = f"{sign}{resolution.angstrom:.1f} Å" if resolution else NONE
        yield "resolution at FSC 0.143", f"{text} ({quality.fsc.name})"
        if resolution:
            yield "resolution, interpolated", f"{sign}{resolution.interpolated:.1f} Å"
    if quality.local_resolution:
        low, median, high = quality.local_resolution.quartiles
        yield "local resolution, median", f"{median:.1f} Å ({low:.1f}–{high:.1f})"
    if quality.points:
        b_factor = quality.fit and quality.fit.b_factor
        yield "B factor", f"{b_factor:,.0f} Å² ({quality.points[0].method})" if b_factor else NONE


def _class_numbers(quality: Quality) -> Iterator[tuple[str, str]]:
    good = quality.good_classes
    others = [average for average in quality.classes if not average.is_good]
    is_selected = any(average.is_selected is not None for average in quality.classes)
    how = "selected" if is_selected else "by rule"
    total = sum(average.particles for average in quality.classes)
    inside = sum(average.particles for average in good)
    yield "good 2D classes", f"{len(good)} of {len(quality.classes)} ({how})"
    yield "particles in good classes", f"{inside:,} of {total:,}"
    if any(average.right is not None for average in quality.classes):
        yield "precision, good classes", format_precision(good)
        yield "precision, other classes", format_precision(others)


def format_efficiency(efficiency: Efficiency | None) -> str:
    """Format E_od with two digits; values below 0 as 0, with a remark."""
    if efficiency is None:
        return NONE
    return "0 (below 0)" if efficiency.value < 0 else f"{efficiency.value:.2f}"


def format_precision(classes: Sequence[ClassAverage]) -> str:
    """Format the share of true particles in some classes, with the numbers."""
    right = sum(average.right or 0 for average in classes)
    wrong = sum(average.wrong or 0 for average in classes)
    if not right + wrong:
        return NONE
    return f"{right / (right + wrong):.1%} ({right:,} true, {wrong:,} false)"


def format_quality(qualities: Sequence[Quality]) -> str:
    """Format the numbers of sets of picks as a text table for a terminal, with the notes."""
    notes = [f"{quality.name}: {note}" for quality in qualities for note in quality.notes]
    return "\n".join(
        [*align_columns(summary_rows(qualities)), "", *notes, ""][: -1 if notes else -2]
    )


def quality_to_json(qualities: Sequence[Quality]) -> dict[str, Any]:
    """Convert sets of picks to JSON-compatible dicts, lists, strings, finite numbers and None."""
    return {
        "sets": [_to_json(quality) for quality in qualities],
        "at_equal_count": [
            asdict(each.at_equal_count) for each in qualities if each.at_equal_count
        ],
    }


def _to_json(quality: Quality) -> dict[str, Any]:
    views, fsc, local = quality.views, quality.fsc, quality.local_resolution
    return {
        "job": quality.name,
        "iteration": quality.iteration,
        "particles": quality.particles,
        "diameter_angstrom": quality.diameter_angstrom,
        "symmetry": views and views.symmetry,
        "views": views and asdict(views.counts),
        "e_od": views and views.efficiency and asdict(views.efficiency),
        "e_od_without_symmetry": views and views.efficiency_c1 and asdict(views.efficiency_c1),
        "fsc": fsc
        and {
            "source": fsc.source,
            "resolution": fsc.resolution and asdict(fsc.resolution),
            "frequency_per_angstrom": fsc.frequency.tolist(),
            "curves": {name: curve.tolist() for name, curve in fsc.curves.items()},
        },
        "local_resolution_quartiles_angstrom": local and local.quartiles,
        "rosenthal_henderson": {
            "points": [asdict(point) for point in quality.points],
            "fit": quality.fit and asdict(quality.fit),
        },
        "selected_particles": quality.selection and quality.selection.particles,
        "classes": [
            {**asdict(average), "is_good": average.is_good, "precision": average.precision}
            for average in quality.classes
        ],
        "notes": list(quality.notes),
    }
