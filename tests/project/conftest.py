from pathlib import Path

import pytest
from hypothesis import strategies as st

from napari_drpnet.picking.parameters import PeakParameters
from napari_drpnet.project.jobs.main_thread import MainThreadQueue
from napari_drpnet.project.session import Session, SessionOptions
from napari_drpnet.project.state.edits import (
    LabelEdit,
    MicrographEdit,
    MicrographRecord,
    PaintEdit,
    SettingsEdit,
)
from napari_drpnet.project.state.labels import Label
from napari_drpnet.project.state.strokes import Strokes
from waiting import LIMIT_S, finish, never_pick_unasked

PLACE = st.tuples(*[st.floats(-10, 5000)] * 2)


@pytest.fixture(scope="session")
def draw_edit():
    """A function that lets hypothesis draw an edit which fits a project as it is now."""
    return _draw_edit


def _draw_edit(draw, project):
    kinds = [_add_micrographs, _change_settings]
    if project.micrographs:
        kinds += [_change_micrograph] + [_change_labels] * 4 + [_paint] * 2
    return draw(st.sampled_from(kinds))(draw, project)


def _add_micrographs(draw, project):
    first, count = project.next_micrograph_number(), draw(st.integers(1, 3))
    return MicrographEdit(before=(), after=tuple(_record(first + k) for k in range(count)))


@pytest.fixture(scope="session")
def micrograph_record():
    """A function that returns the record of the micrograph with a given number."""
    return _record


def _record(number):
    # A name that is not UTF-8, as file systems may have it.
    return MicrographRecord(
        id=f"m{number:04d}",
        name=f"Movies/é{number}.mrc",
        path=Path(f"/data/\udc80/{number}.mrc"),
        output=f"Movies/{number}",
        pixel_size_angstrom=None,
        defocus_angstrom=12000.5,
    )


def _change_settings(draw, project):
    before = project.settings
    peaks = PeakParameters(threshold=draw(st.floats(0, 9)), level=draw(st.integers(1, 3)))
    return SettingsEdit(before=before, after=before.model_copy(update={"peaks": peaks}))


def _change_micrograph(draw, project):
    before = draw(st.sampled_from(list(project.micrographs.values())))
    flipped = before.model_copy(update={"included": not before.included})
    after = draw(st.sampled_from([(), (flipped,)]))
    return MicrographEdit(before=(before,), after=after)


def _change_labels(draw, project):
    name = draw(st.sampled_from(list(project.micrographs)))
    there = project.labels(name)
    before = tuple(label for label in there if draw(st.booleans()))
    update = {"accepted": draw(st.booleans()), "center_yx": draw(PLACE)}
    kept = tuple(label.model_copy(update=update) for label in before if draw(st.booleans()))
    first, places = project.next_label_id(name), draw(st.lists(PLACE, max_size=3))
    new = tuple(
        Label(id=first + k, center_yx=place, anchor_yx=place, accepted=k > 0)
        for k, place in enumerate(places)
    )
    return LabelEdit(micrograph=name, before=before, after=kept + new)


def _paint(draw, project):
    name = draw(st.sampled_from(list(project.micrographs)))
    strokes = project.strokes.get(name) or Strokes.nothing((90, 1100))
    before = strokes.classes
    top, left = draw(st.integers(0, 44)), draw(st.integers(0, 549))
    after = before.copy()
    after[top : top + draw(st.integers(1, 45)), left : left + draw(st.integers(1, 550))] = draw(
        st.integers(0, 4)
    )
    edit = PaintEdit.between(name, strokes.full_shape, before, after, "Paint")
    return edit or _change_settings(draw, project)


class Desk:
    """A session with its main thread, and what it has told the user."""

    def __init__(self, root, **options):
        self.main = MainThreadQueue()
        options = SessionOptions(device="cpu", projects_root=root, **options)
        self.session = Session(self.main, options)
        self.notices = []
        self.session.noticed.connect(self.notices.append)
        never_pick_unasked(self.session)

    @property
    def current(self):
        return self.session.current

    @property
    def project(self):
        return self.session.project

    def texts(self, level="error"):
        return [notice.text for notice in self.notices if notice.level == level]

    def finish(self):
        """Wait until nothing runs, and all has landed."""
        finish(self.main, self.session)

    def open(self, *paths):
        self.session.open_paths(paths)
        self.finish()

    def pick(self, diameter_angstrom=36.0, **peaks):
        """Pick the micrograph that is shown."""
        self.session.change("particle", diameter_angstrom=diameter_angstrom)
        if peaks:
            self.session.change("peaks", **peaks)
        self.session.picking.pick_current()
        self.finish()

    def pick_all(self):
        self.session.picking.pick_all()
        self.finish()

    def close(self):
        self.session.close()
        assert self.session.runner.join(LIMIT_S)
        self.main.run_pending()


@pytest.fixture
def new_desk(tmp_path, use_toy_weights):
    """A function that makes a desk, with its projects in a folder that all of them share."""
    desks = []

    def make(**options):
        desks.append(Desk(tmp_path / "projects", **options))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(new_desk):
    return new_desk()


@pytest.fixture
def discs(tmp_path, write_discs):
    """Three micrographs of 16 discs each, by path: their true centres ``(y, x)``."""
    paths = [tmp_path / "discs" / f"disc{k}.mrc" for k in range(3)]
    return {path: write_discs(path, seed=k) for k, path in enumerate(paths)}


@pytest.fixture
def picked(desk, discs):
    """A desk with these micrographs open and the first one picked."""
    desk.open(*discs)
    desk.pick()
    assert desk.current.accepted_count == 16
    return desk


@pytest.fixture
def aware_weights(tmp_path):
    """A function that writes a classifier with an opinion on contexts, for a kind of detector."""
    import torch

    from napari_drpnet.picking.networks.card import ClassifierCard
    from napari_drpnet.picking.networks.patch_classifier import PatchClassifier
    from napari_drpnet.picking.networks.weights import save_network

    def write(architecture="fcrn"):
        torch.manual_seed(0)
        module = PatchClassifier(16, 1, with_context=True)
        card = ClassifierCard(
            architecture=architecture,
            particle_px=9,
            patch_px=16,
            pool_stride=1,
            threshold=1.0,
            accept=0.2,
            context=True,
            licence="BSD-3-Clause",
            trained_on="nothing",
        )
        path = tmp_path / "aware.safetensors"
        save_network(path, module.state_dict(), card)
        return path

    return write
