import re
from xml.etree import ElementTree

import numpy as np
import pytest

from napari_drpnet.batch.results.report_charts import bands, histogram, sequence


def tags(svg, tag):
    return [each.attrib for each in ElementTree.fromstring(svg).iter(tag)]


def path(svg, kind):
    return next(each["d"] for each in tags(svg, "path") if each["class"] == kind)


def test_bars_hold_all_values():
    values = np.random.default_rng(0).poisson(180, 1000).tolist()
    svg = histogram(values, "picks", "micrographs")
    told = [each.text for each in ElementTree.fromstring(svg).iter("title")]
    counts = [int(re.search(r": (\d+) micrographs", text)[1]) for text in told]
    assert sum(counts) == 1000
    assert 15 <= len(counts) <= 30
    heights = [float(each["height"]) for each in tags(svg, "rect")]
    tallest = np.argmax(counts)
    assert heights[tallest] == max(heights)
    assert np.array(heights) == pytest.approx(
        np.array(counts) * max(heights) / max(counts), abs=0.1
    )


@pytest.mark.parametrize("values", [[0], [7], [0, 0, 0], [0, 1], [3, 100_000]])
def test_a_histogram_of_few_values(values):
    svg = histogram(values, "picks", "micrographs")
    told = [each.text for each in ElementTree.fromstring(svg).iter("title")]
    assert sum(int(re.search(r": (\d+) ", text)[1]) for text in told) == len(values)


def test_dots_and_crosses():
    svg = sequence([10.0, 20.0, float("nan"), 0.0], [1], "picks", "a < b")
    assert path(svg, "dot").count("M") == 2
    assert path(svg, "mark").count("M") == 1
    assert "a &lt; b" in svg
    (first, last) = re.findall(r"M([\d.]+) ([\d.]+)h0", path(svg, "dot"))
    assert float(first[0]) < float(last[0])
    assert float(first[1]) < float(last[1])  # SVG counts downwards


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0], [5.0]])
def test_a_sequence_of_few_values(values):
    assert path(sequence(values, [], "picks", "things"), "dot").count("M") == len(values)


def test_bands_of_many_are_thinned_to_medians():
    quantiles = [(0.5, 0.7, 0.8, 0.9, 1.0)] * 4000 + [()] * 10
    svg = bands(quantiles, "FOM", "micrographs")
    heights = np.array(re.findall(r"[ML][\d.]+ ([\d.]+)", path(svg, "median")), float)
    assert 200 < len(heights) <= 400
    assert np.ptp(heights) == 0
    assert len(svg) < 40_000


@pytest.mark.parametrize("quantiles", [[(1.0,) * 5], [(), (0.5, 0.6, 0.7, 0.8, 0.9)]])
def test_bands_of_one(quantiles):
    assert "NaN" not in bands(quantiles, "FOM", "micrographs")
