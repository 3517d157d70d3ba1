"""Why jobs failed, until they are tried again."""

import pytest

from napari_drpnet.project.jobs.failures import Failures


@pytest.fixture
def failures():
    failures = Failures()
    failures.told = []
    failures.changed.connect(lambda: failures.told.append(failures["list"]))
    return failures


def test_the_last_reason_of_a_kind_is_kept_until_it_is_forgotten(failures):
    assert failures["list"] == ""
    failures.note("list", "no micrographs found")
    failures.note("list", "no such file")
    failures.note("truth", "is empty")
    assert failures["list"] == "no such file"
    failures.forget("list", "train")
    assert failures["list"] == ""
    assert failures["truth"] == "is empty"
    assert failures.told == ["no micrographs found", "no such file", "no such file", ""]


def test_forgetting_nothing_is_not_told(failures):
    failures.forget("list")
    assert failures.told == []


def test_all_can_be_forgotten(failures):
    failures.note("list", "a")
    failures.clear()
    assert failures.told == ["a", ""]
