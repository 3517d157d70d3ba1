import pytest

from napari_drpnet.simulation.series import plan_series


def test_names_repeat_in_each_folder():
    planned = plan_series(5, 0, (1.0, 2.0), folders=2, optics_groups=3)
    assert [str(each.stem) for each in planned] == [
        "grid1/sim_0001", "grid1/sim_0002", "grid1/sim_0003", "grid2/sim_0001", "grid2/sim_0002",
    ]  # fmt: skip
    assert [each.optics_group for each in planned] == [1, 1, 2, 2, 3]


def test_the_seed_decides_and_a_longer_series_begins_alike():
    first, longer, other = (
        plan_series(count, seed, (1.0, 2.0)) for count, seed in ((3, 7), (5, 7), (3, 8))
    )
    assert longer[:3] == first
    assert {each.seed for each in first}.isdisjoint({each.seed for each in other})
    assert str(first[2].stem) == "sim_0003"


def test_defocus_covers_the_range():
    defoci = [each.defocus_um for each in plan_series(200, 0, (1.0, 2.8))]
    assert 1.0 <= min(defoci) < 1.05
    assert 2.75 < max(defoci) <= 2.8
    assert {each.defocus_um for each in plan_series(3, 0, (1.5, 1.5))} == {1.5}


@pytest.mark.parametrize("more", [{"folders": 3}, {"optics_groups": 3}])
def test_nothing_may_be_empty(more):
    with pytest.raises(ValueError, match="fewer micrographs"):
        plan_series(2, 0, (1.0, 2.0), **more)
