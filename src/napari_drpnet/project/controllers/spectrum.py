"""Power spectrum of the micrograph that is shown, with the zeros of the transfer function."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_drpnet.base.jobs import Job
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.images.power_spectrum import PowerSpectrum, measure_power, transfer_zeros
from napari_drpnet.project.controllers.current import CurrentMicrograph
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.workspace import Workspace

#: Least distance between two rings that are drawn, as a share of the highest frequency.
_CLOSEST = 0.03


class ShownSpectrum:
    """Power spectrum of the micrograph that is shown, measured while somebody looks at it.

    Parameters
    ----------
    workspace : Workspace
        Workspace with the micrographs.
    current : CurrentMicrograph
        Micrograph that is shown.

    Attributes
    ----------
    spectrum : PowerSpectrum or None
        Power spectrum; None while it is unknown.
    changed : Signal
        Emitted when the spectrum or its zeros have changed.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, current: CurrentMicrograph) -> None:
        self._workspace = workspace
        self._current = current
        self._watchers = 0
        self._voltage_kv = 300.0
        self.spectrum: PowerSpectrum | None = None
        current.changed.connect(self._renew)
        current.image_changed.connect(self.changed)
        workspace.settings_changed.connect(self.changed)

    def want(self, wanted: bool) -> None:
        """Begin or stop to look: while somebody does, each micrograph shown is measured."""
        self._watchers += 1 if wanted else -1
        if wanted and self.spectrum is None:
            self._renew()

    @property
    def voltage_kv(self) -> float:
        """Acceleration voltage for which the zeros are computed, in kV."""
        return self._voltage_kv

    @voltage_kv.setter
    def voltage_kv(self, voltage_kv: float) -> None:
        self._voltage_kv = voltage_kv
        self.changed.emit()

    @property
    def highest_frequency(self) -> float | None:
        """Frequency at the edge of the spectrum in 1/Å; None if the pixel size is unknown."""
        size = self._current.pixel_size_angstrom
        return 1 / (2 * size) if size else None

    @property
    def zeros(self) -> NDArray[np.float64]:
        """Zeros of the transfer function as shares of the highest frequency, ``(k,)``.

        They end where they become too close to be told apart. None are known without the defocus
        or the pixel size.
        """
        record, highest = self._current.record, self.highest_frequency
        if record is None or record.defocus_angstrom is None or highest is None:
            return np.empty(0)
        zeros = transfer_zeros(
            highest, defocus_angstrom=record.defocus_angstrom, voltage_kv=self._voltage_kv
        )
        shares = np.asarray(zeros / highest)
        crowded = np.flatnonzero(np.diff(shares) < _CLOSEST)
        return shares[: crowded[0] + 1] if crowded.size else shares

    @property
    def note(self) -> str:
        """Description of the rings, or the reason why there are none."""
        record, highest = self._current.record, self.highest_frequency
        if record is None:
            return ""
        if highest is None:
            return "The rings need the pixel size."
        if record.defocus_angstrom is None:
            return "The rings need the defocus, which a micrographs_ctf.star of RELION gives."
        defocus = record.defocus_angstrom / 1e4
        return f"CTF zeros at {defocus:.2f} µm; edge at {1 / highest:.1f} Å"

    def _renew(self) -> None:
        self._workspace.runner.invalidate("spectrum")
        self.spectrum = None
        record = self._current.record
        if self._watchers > 0 and record is not None:
            work = partial(_measure, record)
            # A file that cannot be read is reported where it is rendered.
            self._workspace.runner.submit("spectrum", work, self._take, lambda _: None)
        self.changed.emit()

    def _take(self, spectrum: PowerSpectrum) -> None:
        self.spectrum = spectrum
        self.changed.emit()


def _measure(record: MicrographRecord, job: Job) -> PowerSpectrum:
    return measure_power(read_micrograph(record.path))
