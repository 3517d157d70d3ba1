"""What would be lost if the window closed now."""

from napari_drpnet.project.unfinished import unfinished_work
from waiting import LIMIT_S


def test_nothing_is_unfinished_when_all_is_saved(picked):
    assert unfinished_work(picked.session) == []


def test_jobs_that_run_are_unfinished(picked, detector_gate):
    picked.session.picking.pick_all()
    assert detector_gate.reached.wait(LIMIT_S)
    assert unfinished_work(picked.session) == [
        "Micrographs are being picked. Those that are finished are saved."
    ]
    detector_gate.opened.set()
    picked.finish()
    assert unfinished_work(picked.session) == []


def test_edits_and_networks_that_are_not_saved_are_unfinished(picked, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_drpnet.project.storage.journal.Journal.write", fail)
    picked.current.set_label([0], accepted=False)
    picked.session.learner.outcome = object()
    assert unfinished_work(picked.session) == [
        "Trained networks are neither kept nor discarded.",
        "1 edit could not be saved: is the disk full?",
    ]
    picked.session.learner.outcome = None
    monkeypatch.undo()
