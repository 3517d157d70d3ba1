from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.batch.results.statistics import (
    MicrographStatistics,
    find_outliers,
    read_statistics,
    robust_distances,
)

ONE = MicrographStatistics(
    "m.mrc", Path("m.mrc"), (), 100, 120, 0.8, (0.5, 0.7, 0.8, 0.9, 1.0), 0.1, 90.0, 1.5
)


def several(**columns):
    rows = zip(*columns.values(), strict=True)
    return [
        replace(ONE, name=f"m{k}.mrc", **dict(zip(columns, row, strict=True)))
        for k, row in enumerate(rows)
    ]


def test_distances_are_in_robust_standard_deviations():
    values = np.random.default_rng(0).normal(5.0, 2.0, 20_000)
    values[:100] = 1e6
    distances = robust_distances(values)
    assert distances[100:].std() == pytest.approx(1.0, abs=0.03)
    assert np.median(distances) == pytest.approx(0.0, abs=1e-12)


def test_no_distances_where_most_agree_or_nothing_is_known():
    assert robust_distances(np.array([3.0, 3, 3, 90])).tolist() == [0, 0, 0, 0]
    assert robust_distances(np.full(3, np.nan)).tolist() == [0, 0, 0]
    assert robust_distances(np.array([])).size == 0
    assert robust_distances(np.array([1.0, np.nan, 3.0]))[1] == 0


def test_outliers_say_why_and_the_farthest_comes_first():
    counts = [98, 100, 102, 104, 96, 100, 99, 0, 150]
    foms = [0.8, 0.81, 0.79, 0.8, 0.82, 0.78, 0.8, None, 0.4]
    outliers = find_outliers(several(count=counts, mean_fom=foms))
    assert [outlier.micrograph.name for outlier in outliers] == ["m7.mrc", "m8.mrc"]
    assert outliers[0].reasons == ("count 0, far below the median of 100",)
    assert outliers[1].reasons == (
        "count 150, far above the median of 100",
        "mean FOM 0.4, far below the median of 0.8",
    )
    assert outliers[0].distance > outliers[1].distance > 3.5


def test_only_much_contamination_stands_out():
    shares = [0.40, 0.41, 0.39, 0.42, 0.38, 0.0, 0.9, None]
    outliers = find_outliers(several(contamination=shares))
    assert [outlier.micrograph.name for outlier in outliers] == ["m6.mrc"]
    assert outliers[0].reasons == ("contamination 90%, far above the median of 40%",)


def test_few_or_no_micrographs_have_no_outliers():
    assert find_outliers([]) == find_outliers([ONE]) == []


def test_what_a_run_has_left_is_read(pick, use_toy_weights):
    report = pick()
    micrographs = read_statistics(Path("out"))
    assert [each.name for each in micrographs] == [f"in/sub/m{k}.mrc" for k in range(3)]
    first, picked = micrographs[0], report.picked[0]
    assert (first.count, first.above_threshold) == (picked.accepted, picked.above_threshold)
    assert first.mean_fom == pytest.approx(picked.mean_fom)
    assert first.fom_quantiles[0] <= first.median_fom <= first.fom_quantiles[-1]
    assert first.contamination == 0  # the toy classifier says 0.73 of everything
    assert (first.accept, first.automatic) == (0.5, False)
    assert (first.expected_f1, first.advice) == (picked.expected_f1, picked.advice)
    assert first.path.samefile("in/sub/m0.mrc")
    Path("in/sub/m0.mrc").unlink()
    assert len(read_statistics(Path("out"))) == 2


def test_what_failed_in_the_last_run_does_not_count(pick, use_toy_weights):
    pick()
    Path("in/sub/m1.mrc").write_bytes(b"")
    assert len(pick(existing="resume").failed) == 1
    assert [each.name for each in read_statistics(Path("out"))] == [
        "in/sub/m0.mrc",
        "in/sub/m2.mrc",
    ]


def test_contamination_is_the_share_of_doubtful_picks(pick, use_toy_weights):
    pick("in/sub/m0.mrc")
    (record,) = Path("out/.drpnet").rglob("*.json")
    record.write_text(record.read_text().replace('"doubtful":0', '"doubtful":4'))
    (micrograph,) = read_statistics(Path("out"))
    assert micrograph.contamination == pytest.approx(4 / micrograph.above_threshold)


def test_picks_on_dirt_are_contamination_and_counted_once(pick, use_toy_weights):
    pick("in/sub/m0.mrc")
    (record,) = Path("out/.drpnet").rglob("*.json")
    text = record.read_text().replace('"doubtful":0', '"doubtful":4')
    record.write_text(text.replace('"on_dirt":0,"dirty_area":null', '"on_dirt":3,"dirty_area":0.1'))
    (micrograph,) = read_statistics(Path("out"))
    assert (micrograph.on_dirt, micrograph.dirty_area) == (3, 0.1)
    assert micrograph.contamination == pytest.approx(7 / micrograph.above_threshold)


def test_only_much_dirt_stands_out():
    dirty = several(dirty_area=[0.1, 0.11, 0.12, 0.11, 0.1, 0.7, 0.0])
    (outlier,) = find_outliers(dirty)
    assert outlier.micrograph is dirty[5]
    assert outlier.reasons == ("dirty area 70.0%, far above the median of 11.0%",)


def test_without_a_classifier_contamination_is_unknown(pick, parameters, use_toy_weights):
    bare = parameters.classifier.model_copy(update={"classifier": "none"})
    pick("in/sub/m0.mrc", parameters=parameters.model_copy(update={"classifier": bare}))
    (micrograph,) = read_statistics(Path("out"))
    assert micrograph.count > 0
    assert micrograph.contamination is None


def test_a_folder_without_a_run_has_none(tmp_path):
    assert read_statistics(tmp_path) == []
