"""The power spectrum of the micrograph that is shown."""

import numpy as np
import pytest

from napari_drpnet.images.power_spectrum import transfer_zeros
from napari_drpnet.project.state.edits import MicrographEdit


def give_defocus(desk, defocus_angstrom):
    """Let the list say the defocus of the micrograph that is shown."""
    record = desk.current.record
    after = record.model_copy(update={"defocus_angstrom": defocus_angstrom})
    desk.session.do_quietly(MicrographEdit(before=(record,), after=(after,)))
    desk.finish()


def test_it_is_measured_only_while_somebody_looks(desk, discs):
    desk.open(*discs)
    spectrum = desk.session.spectrum
    assert spectrum.spectrum is None
    spectrum.want(True)
    desk.finish()
    first = spectrum.spectrum
    assert first is not None
    desk.session.step(1)
    assert spectrum.spectrum is None  # never that of another micrograph
    desk.finish()
    assert spectrum.spectrum is not None
    assert not np.array_equal(spectrum.spectrum.image, first.image)
    spectrum.want(True)
    spectrum.want(False)
    desk.session.step(1)
    desk.finish()
    assert spectrum.spectrum is not None  # one of the two still looks
    spectrum.want(False)
    desk.session.step(-1)
    desk.finish()
    assert spectrum.spectrum is None


def test_the_zeros_follow_defocus_pixel_size_and_voltage(desk, discs):
    desk.open(*discs)  # of 2 Å pixels
    spectrum = desk.session.spectrum
    assert spectrum.zeros.size == 0
    assert "defocus" in spectrum.note
    give_defocus(desk, 15_000.0)
    expected = transfer_zeros(0.25, defocus_angstrom=15_000.0) / 0.25
    shown = spectrum.zeros
    assert 3 <= len(shown) < len(expected)  # the others are too close to each other
    assert np.diff(shown).min() >= 0.03
    np.testing.assert_allclose(shown, expected[: len(shown)])
    assert spectrum.note == "CTF zeros at 1.50 µm; edge at 4.0 Å"
    changes = []
    spectrum.changed.connect(lambda: changes.append(spectrum.zeros))
    spectrum.voltage_kv = 200.0
    assert changes[0][0] < expected[0]
    desk.session.change("particle", diameter_angstrom=36.0, pixel_size_angstrom=1.0)
    assert changes[-1][0] == pytest.approx(changes[0][0] / 2, rel=1e-3)


def test_without_a_pixel_size_there_are_no_rings(desk, tmp_path, write_discs):
    write_discs(tmp_path / "a.mrc", pixel_size=0)
    desk.open(tmp_path / "a.mrc")
    give_defocus(desk, 15_000.0)
    assert desk.session.spectrum.zeros.size == 0
    assert "pixel size" in desk.session.spectrum.note
