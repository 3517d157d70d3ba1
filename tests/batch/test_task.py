import pickle
from pathlib import Path

import numpy as np
import pytest

from napari_drpnet.batch import FailedMicrograph, Outputs, PickTask, list_entries
from napari_drpnet.batch.folder import outputs
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


def test_a_fixed_cut_and_what_to_expect_of_it_are_recorded(task, entry):
    picked = task.pick(entry)
    assert (picked.accept, picked.automatic, picked.valid_share) == (0.5, False, 1)
    assert picked.expected_precision == pytest.approx(picked.mean_fom)
    assert picked.expected_recall == 1
    assert picked.expected_f1 == pytest.approx(2 * 0.731 / 1.731, abs=1e-3)


def test_an_automatic_cut_is_recorded(folder, parameters, entry, use_automatic_weights):
    use_automatic_weights(least_f1=0.5)
    task, _ = PickTask.prepare(parameters, Outputs(Path("out")))
    assert task.parameters.classifier.accept is None
    picked = task.pick(entry)
    assert (picked.accepted, picked.automatic) == (16, True)
    assert picked.accept == pytest.approx(picked.expected_f1 / 2)
    assert task.ledger.find(entry).accept == picked.accept


def test_the_automatic_rule_may_accept_nothing(folder, parameters, entry, use_automatic_weights):
    use_automatic_weights(least_f1=0.9)
    task, _ = PickTask.prepare(parameters, Outputs(Path("out")))
    picked = task.pick(entry)
    assert (picked.accepted, picked.above_threshold) == (0, 16)
    assert (picked.accept, picked.automatic, picked.expected_f1) == (None, True, 0)
    (told,) = [each.text for each in picked.advice if each.topic == "picks"]
    assert "F1 of only 0.84, and 0.90 is asked for" in told


@pytest.mark.parametrize("all_candidates", [False, True])
def test_without_picks_or_classifier_nothing_is_expected(folder, parameters, entry, all_candidates):
    strict = parameters.model_copy(
        update={"peaks": parameters.peaks.model_copy(update={"threshold": 99.0})}
    )
    bare = parameters.model_copy(
        update={"classifier": parameters.classifier.model_copy(update={"classifier": "none"})}
    )
    outputs = Outputs(Path("out"), all_candidates=all_candidates)
    for given in (strict, bare):
        picked = PickTask.prepare(given, outputs)[0].pick(entry)
        assert picked.accept is picked.expected_f1 is picked.expected_recall is None
        assert not picked.automatic


@pytest.mark.parametrize(
    ("least_f1", "note"),
    [
        (None, "height ≥ 0, P(particle) ≥ 0.5, fixed"),
        (0.5, "height ≥ 0, P(particle) ≥ 0.42, automatic"),
        (0.9, "height ≥ 0, nothing accepted: expected F1 0.84 < 0.90"),
    ],
)
def test_the_caption_of_a_preview_has_the_cut_that_was_used(
    folder, parameters, entry, use_automatic_weights, monkeypatch, least_f1, note
):
    notes = []
    monkeypatch.setattr(outputs, "write_preview", lambda *arguments: notes.append(arguments[-1]))
    if least_f1 is not None:
        use_automatic_weights(least_f1)
    PickTask.prepare(parameters, Outputs(Path("out"), preview=True))[0].pick(entry)
    assert notes == [note]


def test_what_is_odd_is_recorded(folder, parameters, entry):
    task, _ = PickTask.prepare(parameters, Outputs(Path("out")))
    assert [each.topic for each in task.pick(entry).advice] == ["diameter"]  # 36 Å: 36 nm?
    assert task.ledger.find(entry).advice[0].text.endswith("If you meant 36 nm, give 360 Å.")


def test_other_weights_than_those_of_the_batch_are_refused(task, entry):
    other = PickTask(task.parameters, task.outputs, ("0" * 64, None))
    failed = other.pick(entry)
    assert isinstance(failed, FailedMicrograph)
    assert "have changed since the start" in failed.message
    assert not Path("out").exists()


def test_a_device_does_not_change_what_is_finished(task, entry):
    task.pick(entry)
    assert task.on("cuda:7").ledger.find(entry)


def test_a_micrograph_that_cannot_be_read_is_not_picked(task, entry):
    entry.micrograph.path.write_bytes(b"")
    assert "empty" in task.pick(entry).message
