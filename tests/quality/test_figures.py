from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from napari_drpnet.quality.assess import JobChoice, assess
from napari_drpnet.quality.figures import (
    COLOURS,
    draw_figures,
    plot_classes,
    plot_fsc,
    plot_local_resolution,
    plot_rosenthal_henderson,
    plot_views,
)
from napari_drpnet.quality.rosenthal_henderson import Point, fit_points
from relion_jobs import CLASS2D, JOB, LOCAL, POSTPROCESS, SELECT, write_project


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    project = write_project(tmp_path_factory.mktemp("project"))
    jobs = (project / job for job in (JOB, POSTPROCESS, SELECT, LOCAL, CLASS2D))
    points = tuple(Point(count, 60 - count / 10, False, "refinement") for count in (100, 200, 300))
    return replace(assess(JobChoice(*jobs)), points=points, fit=fit_points(points))


def texts_of(figure):
    figure.draw_without_rendering()
    return " ".join(
        text.get_text() for text in figure.findobj(match=lambda each: hasattr(each, "get_text"))
    )


def test_all_figures_are_png_files(quality):
    figures = draw_figures([quality])
    assert list(figures) == ["views", "fsc", "rosenthal_henderson", "local_resolution", "classes"]
    assert all(content.startswith(b"\x89PNG") for content in figures.values())


def test_figures_without_data_are_left_out(quality):
    bare = replace(quality, fsc=None, points=(), fit=None, local_resolution=None, classes=())
    assert list(draw_figures([bare])) == ["views"]
    assert len(draw_figures([bare, quality])) == 5


def test_views_are_compared_on_one_scale(quality):
    counts = quality.views.histogram.counts
    histogram = replace(quality.views.histogram, counts=40 * counts)
    many = replace(quality, views=replace(quality.views, histogram=histogram))
    panels = plot_views([quality, many]).axes[:2]
    dots = [panel.collections[0] for panel in panels]
    assert dots[0].norm.vmax == dots[1].norm.vmax == 40 * counts.max()
    assert dots[0].get_sizes().max() < dots[1].get_sizes().max()
    longitude, latitude = dots[0].get_offsets().T
    assert np.abs(longitude).max() <= np.pi
    assert np.abs(latitude).max() <= np.pi / 2


def test_the_pole_is_on_top(quality):
    up = replace(quality.views.histogram, directions=np.array([[0, 0, 1.0]]), counts=np.array([1]))
    figure = plot_views([replace(quality, views=replace(quality.views, histogram=up))])
    assert figure.axes[0].collections[0].get_offsets()[0, 1] == pytest.approx(np.pi / 2)


def test_the_curve_that_counts_has_the_resolution(quality):
    assert "corrected: 36.0 Å" in texts_of(plot_fsc([quality]))


def test_the_line_has_the_b_factor(quality):
    text = texts_of(plot_rosenthal_henderson([quality]))
    assert f"B factor {quality.fit.b_factor:,.0f} Å²" in text
    axes = plot_rosenthal_henderson([quality]).axes[0]
    assert axes.lines[0].get_ydata()[0] == pytest.approx(50.0**-2)


def test_points_that_do_not_count_are_open(quality):
    few = replace(quality, points=(*quality.points, Point(20, 80, False, "refinement")))
    text = texts_of(plot_rosenthal_henderson([few]))
    assert "refinement, not fitted" in text


def test_local_resolution_has_its_median(quality):
    assert "median 20.0 Å" in texts_of(plot_local_resolution([quality]))


def test_the_second_set_keeps_its_colour_where_the_first_has_nothing(quality):
    bare = replace(quality, local_resolution=None, classes=())
    for plot in (plot_local_resolution, plot_classes):
        alone, second = plot([quality]).axes[0], plot([bare, quality]).axes[0]
        colours = [axes.patches[0].get_facecolor()[:3] for axes in (alone, second)]
        assert colours == [to_rgb(colour) for colour in COLOURS]


def test_good_classes_have_a_colour(quality):
    bars = plot_classes([quality]).axes[0].patches
    colours = [bar.get_facecolor() for bar in bars]
    assert colours[0] == colours[1] != colours[2] == colours[3]
    assert [bar.get_height() for bar in bars] == [270, 20, 10, 0]
