import pickle
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.batch import FailedMicrograph, Outputs, PickTask, list_entries
from napari_drpnet.formats import read_coordinates

pytestmark = pytest.mark.usefixtures("use_toy_weights")


@pytest.fixture
def task(folder, parameters):
    return PickTask.prepare(parameters, Outputs(Path("out")))[0]


@pytest.fixture
def entry(folder):
    return list_entries(["in/sub/m0.mrc"], "out")[0]


def test_a_pickled_task_does_the_same_and_its_record_counts(task, entry):
    content = pickle.dumps(task)
    assert len(content) < 4000
    picked = pickle.loads(content).pick(entry)
    assert picked.accepted == len(read_coordinates("out/m0_autopick.star")) == 16
    assert task.ledger.find(entry).name == picked.name


def test_nothing_is_left_open(task):
    assert task.parameters.detector.device != "auto"
    assert task.parameters.peaks.threshold is not None


def test_scores_are_summed_up(task, entry):
    picked = task.pick(entry)
    scores = read_coordinates("out/m0_autopick.star").score
    assert picked.mean_fom == pytest.approx(scores.mean())
    assert picked.fom_quantiles == pytest.approx(np.quantile(scores, (0, 0.25, 0.5, 0.75, 1)))
    assert picked.doubtful == 0  # the toy says 0.73


def test_no_picks_have_no_scores(folder, parameters, entry):
    peaks = parameters.peaks.model_copy(update={"threshold": 99.0})
    strict = parameters.model_copy(update={"peaks": peaks})
    picked = PickTask.prepare(strict, Outputs(Path("out")))[0].pick(entry)
    assert (picked.accepted, picked.mean_fom, picked.fom_quantiles) == (0, None, ())


def test_other_weights_than_those_of_the_batch_are_refused(task, entry):
    other = PickTask(task.parameters, task.outputs, ("0" * 64, None))
    failed = other.pick(entry)
    assert isinstance(failed, FailedMicrograph)
    assert "others than when the batch began" in failed.message
    assert not Path("out").exists()


def test_a_device_does_not_change_what_is_finished(task, entry):
    task.pick(entry)
    assert task.on("cuda:7").ledger.find(entry)


def test_a_micrograph_that_cannot_be_read_is_not_picked(task, entry):
    entry.micrograph.path.write_bytes(b"")
    assert "empty" in task.pick(entry).message
