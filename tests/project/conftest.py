from pathlib import Path

import pytest
from hypothesis import strategies as st

from napari_drpnet.parameters import PeakParameters
from napari_drpnet.project.edits import LabelEdit, MicrographEdit, MicrographRecord, SettingsEdit
from napari_drpnet.project.labels import Label

PLACE = st.tuples(*[st.floats(-10, 5000)] * 2)


@pytest.fixture(scope="session")
def draw_edit():
    """A function that lets hypothesis draw an edit which fits a project as it is now."""
    return _draw_edit


def _draw_edit(draw, project):
    kinds = [_add_micrographs, _change_settings]
    if project.micrographs:
        kinds += [_change_micrograph] + [_change_labels] * 4
    return draw(st.sampled_from(kinds))(draw, project)


def _add_micrographs(draw, project):
    first, count = project.next_micrograph_number(), draw(st.integers(1, 3))
    return MicrographEdit(before=(), after=tuple(_record(first + k) for k in range(count)))


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
