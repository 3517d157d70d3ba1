"""Figures of the quality of picks, each of one set of picks or of two that are compared."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_drpnet.base.colours import BLUE, GREY, ORANGE
from napari_drpnet.quality.classes import ClassAverage
from napari_drpnet.quality.fsc import THRESHOLD
from napari_drpnet.quality.results import Quality, ViewQuality

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.figure import Figure

COLOURS = (BLUE, ORANGE)
_WIDTH, _DPI = 7.2, 150
#: Greatest number of classes whose numbers fit below the axis.
_MOST_LABELS = 30
#: Areas of the dots of the rarest and of the most frequent view, in square points.
_SMALLEST, _LARGEST = 5.0, 26.0


def draw_figures(qualities: Sequence[Quality]) -> dict[str, bytes]:
    """Draw all figures for which the jobs have data.

    Parameters
    ----------
    qualities : sequence of Quality
        One set of picks, or two that are drawn side by side or into the same axes.

    Returns
    -------
    dict of str to bytes
        PNG files by name: ``views``, ``fsc``, ``rosenthal_henderson``, ``local_resolution``,
        ``classes``.
    """
    draw: dict[str, tuple[Callable[[Sequence[Quality]], Figure], bool]] = {
        "views": (plot_views, any(each.views for each in qualities)),
        "fsc": (plot_fsc, any(each.fsc for each in qualities)),
        "rosenthal_henderson": (plot_rosenthal_henderson, any(each.points for each in qualities)),
        "local_resolution": (
            plot_local_resolution,
            any(each.local_resolution for each in qualities),
        ),
        "classes": (plot_classes, any(each.classes for each in qualities)),
    }
    return {name: _png(plot(qualities)) for name, (plot, has_data) in draw.items() if has_data}


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _figure(height: float) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    return Figure(figsize=(_WIDTH, height), dpi=_DPI, layout=layout)


def plot_views(qualities: Sequence[Quality]) -> "Figure":
    """Plot the views of each set in Hammer's projection, with one scale of colours and sizes."""
    shown = [(each.name, each.views) for each in qualities if each.views]
    figure = _figure(3.9 * len(shown) + 0.5)
    most = max(2, *(int(views.histogram.counts.max()) for _, views in shown))
    places = range(1, len(shown) + 1)
    panels = [figure.add_subplot(len(shown), 1, place, projection="hammer") for place in places]
    for axes, (name, views) in zip(panels, shown, strict=True):
        dots = _draw_hammer(axes, views, most)
        counts = views.counts
        title = f"{name}: {counts.stored:,} views, {counts.expected:,.0f} expected if uniform"
        axes.set_title(title, loc="left", fontsize=10, pad=14)
    bar = figure.colorbar(
        dots, ax=panels, orientation="horizontal", shrink=0.5, aspect=40, pad=0.04
    )
    bar.set_label("particles per view (1.8° × 1.8°)", fontsize=9)
    round_numbers = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    ticks = [number for number in round_numbers if number <= most / 2.5] + [most]
    bar.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=8)
    return figure


def _draw_hammer(axes: "Axes", views: ViewQuality, most: int) -> "PathCollection":
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, LogNorm

    x, y, z = views.histogram.directions.T
    counts = views.histogram.counts
    order = np.argsort(counts, kind="stable")
    share = np.log(counts) / np.log(most)
    dots = axes.scatter(
        np.arctan2(y, x)[order],
        np.arcsin(np.clip(z, -1, 1))[order],
        s=(_SMALLEST + (_LARGEST - _SMALLEST) * share)[order],
        c=counts[order],
        cmap=ListedColormap(colormaps["viridis_r"](np.linspace(0.2, 1, 256))),
        norm=LogNorm(1, most),
        linewidths=0,
    )
    axes.grid(color=GREY, linewidth=0.4, alpha=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7, colors=GREY)
    axes.set_xticks(np.radians([-120, -60, 0, 60, 120]))
    axes.set_yticks(np.radians([-60, -30, 0, 30, 60]), ["150°", "120°", "90°", "60°", "30°"])
    axes.set_xlabel("rot", fontsize=8, color=GREY)
    axes.set_ylabel("tilt", fontsize=8, color=GREY)
    return dots


def plot_fsc(qualities: Sequence[Quality]) -> "Figure":
    """Plot the Fourier shell correlations; the curve that gives the resolution is thick."""
    figure = _figure(4.2)
    axes = figure.add_subplot()
    several = len(qualities) > 1
    for quality, colour in zip(qualities, COLOURS, strict=False):
        if quality.fsc is None:
            continue
        for name, curve in quality.fsc.curves.items():
            is_main = name == quality.fsc.name
            axes.plot(
                quality.fsc.frequency,
                curve,
                color=colour if is_main or several else GREY,
                linewidth=2 if is_main else 1,
                linestyle={"unmasked": "-", "masked": "--"}.get(name, "-" if is_main else ":"),
                alpha=1 if is_main else 0.7,
                label=_curve_label(quality, name, several),
                zorder=3 if is_main else 2,
            )
    axes.axhline(THRESHOLD, color=GREY, linewidth=0.8)
    axes.axhline(0, color=GREY, linewidth=0.4)
    axes.annotate(
        f"{THRESHOLD}",
        (1, THRESHOLD),
        (3, 0),
        ("axes fraction", "data"),
        "offset points",
        color=GREY,
        fontsize=8,
        verticalalignment="center",
    )
    axes.set(xlim=(0, None), ylim=(min(-0.1, axes.get_ylim()[0]), 1.03))
    axes.set_xlabel("spatial frequency in 1/Å, resolution in Å")
    axes.set_ylabel("Fourier shell correlation")
    _label_frequencies(axes)
    _finish(axes)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _curve_label(quality: Quality, name: str, several: bool) -> str:
    fsc = quality.fsc
    start = f"{quality.name}, {name}" if several else name
    if fsc is None or name != fsc.name or fsc.resolution is None:
        return start
    return f"{start}: {fsc.resolution.angstrom:.1f} Å"


def _label_frequencies(axes: "Axes") -> None:
    """Write the resolution in Å below the spatial frequency."""
    axes.xaxis.set_major_formatter(
        lambda value, _: f"{value:.3g}\n{1 / value:.3g} Å" if value > 0 else "0"
    )


def _finish(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def plot_rosenthal_henderson(qualities: Sequence[Quality]) -> "Figure":
    """Plot 1 / d² against the number of particles, with the straight line of each set."""
    figure = _figure(4.2)
    axes = figure.add_subplot()
    for quality, colour in zip(qualities, COLOURS, strict=False):
        for method, is_used in dict.fromkeys(
            (point.method, point.counts_for_fit) for point in quality.points
        ):
            chosen = [
                point
                for point in quality.points
                if (point.method, point.counts_for_fit) == (method, is_used)
            ]
            axes.plot(
                [point.count for point in chosen],
                [point.angstrom**-2 for point in chosen],
                "o" if method == "refinement" else "D",
                color=colour,
                markerfacecolor=colour if is_used else "none",
                markersize=6,
                alpha=0.8,
                label=f"{quality.name}, {method}" + ("" if is_used else ", not fitted"),
            )
        _draw_fit(axes, quality, colour)
    axes.set_xscale("log")
    axes.set_xlabel("number of particles")
    axes.set_ylabel("resolution d in Å, linear in 1/d²")
    axes.set_xticks(sorted({point.count for quality in qualities for point in quality.points}))
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value**-0.5:.3g}" if value > 0 else "")
    _finish(axes)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _draw_fit(axes: "Axes", quality: Quality, colour: str) -> None:
    fit = quality.fit
    if fit is None:
        return
    counts = np.array([min(p.count for p in quality.points), max(p.count for p in quality.points)])
    label = "no B factor" if fit.b_factor is None else f"B factor {fit.b_factor:,.0f} Å²"
    axes.plot(
        counts, fit.intercept + fit.slope * np.log(counts), color=colour, linewidth=1, label=label
    )


def plot_local_resolution(qualities: Sequence[Quality]) -> "Figure":
    """Plot the histogram of local resolution inside the mask, with the median."""
    figure = _figure(3.2)
    axes = figure.add_subplot()
    shown = [
        (quality.name, quality.local_resolution, colour)
        for quality, colour in zip(qualities, COLOURS, strict=False)
        if quality.local_resolution
    ]
    values = np.concatenate([each.angstrom for _, each, _ in shown])
    low, high = np.quantile(values, (0.005, 0.995)).tolist()
    bins = np.linspace(low, high, 41).tolist()
    for name, each, colour in shown:
        _, median, _ = each.quartiles
        weights = np.full(len(each.angstrom), 100 / len(each.angstrom))
        axes.hist(
            each.angstrom,
            bins,
            weights=weights,
            color=colour,
            alpha=0.55,
            label=f"{name}: median {median:.1f} Å",
        )
        axes.axvline(median, color=colour, linewidth=1.5)
    axes.set_xlabel("local resolution in Å")
    axes.set_ylabel("percent of the voxels")
    _finish(axes)
    axes.legend(fontsize=8, frameon=False)
    return figure


def plot_classes(qualities: Sequence[Quality]) -> "Figure":
    """Plot particles and scores of each 2D class, the good ones in colour, largest first."""
    shown = [each for each in zip(qualities, COLOURS, strict=False) if each[0].classes]
    has_scores = any(average.score_quartiles for each, _ in shown for average in each.classes)
    rows = 1 + has_scores
    figure = _figure(2.4 * rows + 0.4)
    panels = figure.subplots(rows, len(shown), squeeze=False, sharex="col", sharey="row")
    for column, (quality, colour) in enumerate(shown):
        _draw_class_sizes(panels[0, column], quality, colour)
        if has_scores:
            _draw_class_scores(panels[1, column], quality, colour)
        axes = panels[-1, column]
        axes.set_xlabel("2D class, largest first")
        numbers = [average.number for average in _largest_first(quality)]
        if len(numbers) <= _MOST_LABELS:
            axes.set_xticks(range(1, len(numbers) + 1), map(str, numbers))
    panels[0, 0].set_ylabel("particles")
    if has_scores:
        panels[1, 0].set_ylabel("score, quartiles")
    return figure


def _largest_first(quality: Quality) -> list[ClassAverage]:
    return sorted(quality.classes, key=lambda average: -average.particles)


def _draw_class_sizes(axes: "Axes", quality: Quality, colour: str) -> None:
    classes = _largest_first(quality)
    places = range(1, len(classes) + 1)
    shades = [colour if average.is_good else GREY for average in classes]
    axes.bar(places, [average.particles for average in classes], color=shades)
    false = [average.wrong or 0 for average in classes]
    if any(false):
        axes.bar(places, false, color="none", edgecolor="black", hatch="////", label="false")
        axes.legend(fontsize=8, frameon=False)
    good = len(quality.good_classes)
    axes.set_title(f"{quality.name}: {good} good of {len(classes)}", loc="left", fontsize=10)
    _finish(axes)


def _draw_class_scores(axes: "Axes", quality: Quality, colour: str) -> None:
    classes = _largest_first(quality)
    for place, average in enumerate(classes, 1):
        if average.score_quartiles:
            low, median, high = average.score_quartiles
            shade = colour if average.is_good else GREY
            axes.plot([place, place], [low, high], color=shade, linewidth=3, alpha=0.5)
            axes.plot(place, median, "o", color=shade, markersize=4)
    _finish(axes)
