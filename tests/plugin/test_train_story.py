"""Training in a real window: correct, train, keep, undo, redo, and open it all again."""

import mrcfile
import numpy as np
import pytest

from napari_drpnet.project.points.review import is_accepted

DIAMETER = 36.0
#: Picks that the person decides.
VERDICTS = 12


@pytest.fixture
def learning_weights(monkeypatch, tmp_path, toy_weights):
    """Toy weights whose classifier sees how bright a patch is, and accepts everything: 0.73."""
    import torch

    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
    from weights_folders import write_weights

    folder = tmp_path / "weights"
    classifier = PatchClassifier(16, 1)
    seen, said = classifier.head[2], classifier.head[4]
    with torch.no_grad():
        for parameter in classifier.parameters():
            parameter.zero_()
        for layer in classifier.features:
            if isinstance(layer, torch.nn.Conv2d):
                side = layer.kernel_size[0]
                layer.weight[0, 0, side // 2, side // 2] = 1
            elif isinstance(layer, torch.nn.BatchNorm2d):
                layer.weight.fill_(1)
        seen.weight.view(128, 64, -1)[:, 0] = 1 / 64
        seen.bias.copy_(-torch.linspace(0, 12.7, 128))
        said.bias.copy_(torch.tensor([-0.5, 0.5]))
    write_weights(folder, toy_weights, classifier)
    monkeypatch.setenv("DRPNET_WEIGHTS", str(folder))


@pytest.fixture
def dirty(tmp_path):
    """A micrograph of discs, every other one too dark to be a particle: path, centres, which."""
    count, rng = 7, np.random.default_rng(4)
    centers = np.argwhere(np.ones((count, count))) * 40.0 + 20
    is_particle = np.arange(len(centers)) % 2 == 0
    y, x = np.ogrid[: 40 * count, : 40 * count]
    image = 100 + rng.normal(scale=3, size=(40 * count, 40 * count))
    for (cy, cx), good in zip(centers, is_particle, strict=True):
        image -= (8.0 if good else 45.0) * (np.hypot(y - cy, x - cx) < 9)
    path = tmp_path / "Micrographs" / "dirty.mrc"
    path.parent.mkdir()
    with mrcfile.new(path) as file:
        file.set_data(image.astype(np.float32))
        file.voxel_size = 2.0
    return path, centers, is_particle


@pytest.fixture
def new_person(new_window, learning_weights, dirty, quick_training):
    """A function that opens a new window with the micrograph for a user."""
    return lambda: Person(new_window(), *dirty)


class Person:
    """Somebody who knows what is a particle."""

    def __init__(self, window, path, centers, is_particle):
        self.window, self.session = window, window.session
        self._path, self._centers, self._is_particle = path, centers, is_particle
        window.session.open_paths([path])
        window.wait()

    def is_particle(self, center_yx):
        return self._is_particle[np.hypot(*(self._centers - center_yx).T).argmin()]

    def correct(self, verdicts):
        """Click on some wrong picks, then say of the most uncertain ones what they are."""
        self.window.panel("Correct")
        for center in self._centers[~self._is_particle][: verdicts // 4]:
            self.window.click(center)
        self.window.press("U")
        for _ in range(verdicts - verdicts // 4):
            (row,) = self.session.selection.rows
            center = self.session.current.review.centers_yx[row]
            self.window.press("G" if self.is_particle(center) else "F")

    @property
    def accepted(self):
        """What is accepted now: centres in order."""
        current = self.session.current
        return current.review.centers_yx[is_accepted(current.states)]

    @property
    def mistakes(self):
        return sum(not self.is_particle(center) for center in self.accepted)


@pytest.mark.slow
def test_correct_train_keep_undo_redo_and_open_again(new_person):
    person = new_person()
    session, window = person.session, person.window
    session.change("particle", diameter_angstrom=DIAMETER)
    window.press_button(window.panel("Pick").run.pick)
    person.correct(VERDICTS)
    before, mistakes = person.accepted, person.mistakes
    assert mistakes > 0

    # Train: nothing changes yet.
    train = window.panel("Train")
    window.press_button(train.train)
    assert train.outcome.isVisible()
    assert train.plot.isVisible()
    np.testing.assert_array_equal(person.accepted, before)

    # What would change has diamonds around it; one looks at them one by one.
    diamonds = window.viewer.layers["would change"]
    promised = {*map(tuple, diamonds.data)}
    assert len(promised) > 0
    window.press_button(train.next_change)
    assert window.camera_is_at(diamonds.data[0])

    # Discard: as before. Train again, and keep: it has learned what is none.
    window.press_button(train.discard)
    np.testing.assert_array_equal(person.accepted, before)
    assert not train.outcome.isVisible()
    assert len(diamonds.data) == 0
    window.press_button(train.train)
    told = train.outcome.changed.text()
    window.press_button(train.keep)
    after = person.accepted
    changed = {*map(tuple, before)} ^ {*map(tuple, after)}
    assert changed == promised
    assert told.startswith(f"Picks here: {len(before)} → {len(after)}\n")
    assert person.mistakes < mistakes
    assert not train.kept.isHidden()
    assert len(diamonds.data) == 0

    # Undo and redo, with the keys.
    window.press("Ctrl+Z")
    window.wait()
    np.testing.assert_array_equal(person.accepted, before)
    window.press("Ctrl+Shift+Z")
    window.wait()
    np.testing.assert_array_equal(person.accepted, after)

    # Close, and sit down again: it is kept.
    classifier = session.project.settings.classifier
    window.viewer.close()
    window.settle()
    person = new_person()
    person.window.wait()
    assert person.session.project.settings.classifier == classifier
    np.testing.assert_array_equal(person.accepted, after)


@pytest.mark.slow
def test_nobody_clicks_and_both_networks_learn(new_person):
    """Automatic labels, both networks, discard, again, keep, and open it all again."""
    person = new_person()
    session, window = person.session, person.window
    session.change("particle", diameter_angstrom=DIAMETER)
    session.change("peaks", threshold=4.0)
    window.press_button(window.panel("Pick").run.pick)
    before = person.accepted

    train = window.panel("Train")
    assert not train.train.isEnabled()
    window.press_button(train.source.label)
    assert train.source.use_automatic.isVisible()
    assert train.train.isEnabled()
    np.testing.assert_array_equal(person.accepted, before)
    window.press_button(train.source.subjects.buttons()[2])
    window.press_button(train.train)
    assert all(table.isVisible() for table in train.outcome.tables.values())
    np.testing.assert_array_equal(person.accepted, before)
    window.press_button(train.discard)
    window.press_button(train.train)
    window.press_button(train.keep)
    after, settings = person.accepted, session.project.settings
    assert "detector-1.safetensors" in settings.detector.weights
    assert "classifier-1.safetensors" in settings.classifier.classifier

    window.press("Ctrl+Z")
    window.wait()
    np.testing.assert_array_equal(person.accepted, before)
    window.press("Ctrl+Shift+Z")
    window.wait()
    np.testing.assert_array_equal(person.accepted, after)
    window.press("Ctrl+Z")
    window.press("Ctrl+Z")  # the automatic labels
    window.wait()
    assert not session.labeller.has_automatic
    window.press("Ctrl+Shift+Z")
    window.press("Ctrl+Shift+Z")
    window.wait()

    window.viewer.close()
    window.settle()
    person = new_person()
    person.window.wait()
    assert person.session.project.settings == settings
    assert person.session.labeller.has_automatic
    np.testing.assert_array_equal(person.accepted, after)
