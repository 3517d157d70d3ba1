"""Pick one micrograph and write its files, in this process, in another one or on a cluster.

The process that picks also writes the files, each completely or not at all, and the record last.
Finished results are therefore on disk whenever a process ends.
"""

import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_drpnet.base.devices import Device, choose_device
from napari_drpnet.base.dirt import Dirt
from napari_drpnet.base.errors import InputFileError
from napari_drpnet.base.jobs import Cancelled, Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.folder.given_masks import GivenMasks
from napari_drpnet.batch.folder.mask_files import SegmentedMicrograph, write_masks
from napari_drpnet.batch.folder.outcomes import FailedMicrograph, Outcome, PickedMicrograph
from napari_drpnet.batch.folder.outputs import Outputs, explain, write_outputs
from napari_drpnet.batch.folder.records import Ledger, Source, find_source
from napari_drpnet.batch.results.statistics import summarize_scores
from napari_drpnet.batch.results.wording import describe_accept, describe_threshold
from napari_drpnet.images.micrograph import Micrograph, read_micrograph
from napari_drpnet.picking.advice import advise
from napari_drpnet.picking.cuts import above_threshold, find_cut, on_dirt
from napari_drpnet.picking.detection import Detection, Mask, detect
from napari_drpnet.picking.dirt import find_dirt
from napari_drpnet.picking.expected import Cut, expected_scores
from napari_drpnet.picking.fingerprint import Hashes, settings_of_picks
from napari_drpnet.picking.loading import NetworkCache, Networks, load_networks
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.pick import pick_in_detail
from napari_drpnet.picking.plausibility import find_implausible
from napari_drpnet.picking.resolve import ResolvedParameters

_NOTHING: NDArray[np.float64] = np.empty(0)
_NO_PICKS = Picks(np.empty((0, 2)), _NOTHING, _NOTHING, _NOTHING, np.empty(0, bool))
#: Networks that this process has loaded.
_NETWORKS = NetworkCache()

_ParametersT = TypeVar("_ParametersT", bound=PickParameters)


@dataclass(frozen=True, eq=False)
class ReadMicrograph:
    """A micrograph that was read.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph.
    source : dict
        Facts from `find_source` before it was read.
    """

    micrograph: Micrograph
    source: Source


#: A micrograph that was read, or the reason why it could not be read.
Reading = ReadMicrograph | FailedMicrograph


@dataclass(frozen=True)
class PickTask:
    """Task of picking with fixed parameters, networks and outputs. Small, and can be pickled.

    Parameters
    ----------
    parameters : ResolvedParameters
        Parameters from `prepare`.
    outputs : Outputs
        Files to write, and the output folder.
    sha256 : Hashes
        Hashes of the weights, because another computer may have other weights of the same name.
    masks : GivenMasks, optional
        Masks of dirt of any program.
    unusual : bool
        Whether to pick micrographs with an implausible diameter or pixel size; see
        `find_implausible`.
    """

    parameters: ResolvedParameters
    outputs: Outputs
    sha256: Hashes
    masks: GivenMasks | None = None
    unusual: bool = False

    @classmethod
    def prepare(
        cls,
        parameters: PickParameters,
        outputs: Outputs,
        device: Device | None = None,
        masks: GivenMasks | None = None,
    ) -> tuple[Self, Networks]:
        """Check the networks and the device, and fill in the values that the weights recommend.

        Parameters
        ----------
        parameters, outputs
            Parameters and outputs as the user gave them.
        device : Device, optional
            Device from `Workers.device`; by default the device that this process would choose.
        masks : GivenMasks, optional
            Masks of dirt of any program.

        Returns
        -------
        task : PickTask
            Task for this device.
        networks : Networks
            Networks with this device, but loaded into CPU memory: each process that runs the task
            loads its own networks, and a GPU may be reserved for a single process.

        Raises
        ------
        InputFileError
            If weights are missing or damaged, or there are no such masks.
        ValueError
            If the device is not available, a threshold is missing, see `resolve`, or files of a
            segmentation are wanted without a segmenter.
        """
        if masks:
            masks.require()
        device = device or choose_device(parameters.detector.device)
        networks = replace(load_networks(_on(parameters, "cpu")), device=device)
        if outputs.masks and networks.segmenter is None:
            raise ValueError("masks are files of a segmentation: name a segmenter")
        resolved = networks.resolve(_on(parameters, device.name))
        return cls(resolved, outputs, networks.sha256, masks), networks

    def on(self, device: str) -> "PickTask":
        """Return the same task for another device."""
        return replace(self, parameters=_on(self.parameters, device))

    @property
    def ledger(self) -> Ledger:
        """Records of the micrographs that are finished with these settings."""
        return Ledger(self.outputs, self._settings(), self.masks)

    def read(self, entry: BatchEntry) -> Reading:
        """Read a micrograph, or return the reason why it cannot be read.

        A micrograph that is replaced or written to while it is read fails, because its pixels
        may be a mixture.
        """
        given = self.parameters.particle.pixel_size_angstrom
        listed = entry.micrograph.pixel_size_angstrom
        path = entry.micrograph.path
        try:
            source, identity = find_source(entry, self.masks), _identity(path)
            micrograph = read_micrograph(path, given, listed)
            if _identity(path) != identity:
                raise InputFileError(path, "it changed while it was read", "Pick it with --resume")
            self._require_plausible(micrograph)
            return ReadMicrograph(micrograph, source)
        except Exception as error:  # noqa: BLE001 - one bad micrograph must not end the batch
            return self._explain(entry, error)

    def pick(
        self, entry: BatchEntry, reading: Reading | None = None, job: Job | None = None
    ) -> Outcome:
        """Pick a micrograph and write its files, or return the reason why it cannot be picked.

        Parameters
        ----------
        entry : BatchEntry
            Micrograph to pick.
        reading : Reading, optional
            Result of `read`; by default the micrograph is read here.
        job : Job, optional
            Progress callback, called after each tile and batch; it may cancel the work.

        Returns
        -------
        PickedMicrograph or FailedMicrograph

        Raises
        ------
        Cancelled
            If the job cancels the work.
        """
        reading = self.read(entry) if reading is None else reading
        if isinstance(reading, FailedMicrograph):
            return reading
        try:
            return self._pick(entry, reading, job)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - as in `read`
            return self._explain(entry, error)

    def _require_plausible(self, micrograph: Micrograph) -> None:
        """Refuse a micrograph whose pixel size, or a particle in pixels, is implausible."""
        diameter = self.parameters.particle.diameter_angstrom
        found = find_implausible(diameter, micrograph.pixel_size_angstrom)
        if found and not self.unusual:
            reason = f"its {found.name}: {found.reason}"
            remedy = f"{found.remedy}, or give --unusual to pick with it"
            raise InputFileError(micrograph.path or "micrograph", reason, remedy)

    def _pick(
        self, entry: BatchEntry, reading: ReadMicrograph, job: Job | None
    ) -> PickedMicrograph:
        start, micrograph = time.perf_counter(), reading.micrograph
        candidates, detection = self._find(entry, micrograph, job)
        picks = candidates.where(above_threshold(candidates, self.parameters))
        cut, dirty = find_cut(picks, self.parameters), on_dirt(picks, self.parameters)
        dirt = find_dirt(detection, self.parameters)
        merit = picks.figure_of_merit[picks.accepted]
        assert micrograph.pixel_size_angstrom is not None
        wanted = candidates if self.outputs.formats else None
        advice = advise(wanted, detection, self.parameters, micrograph.pixel_size_angstrom)
        ledger = self.ledger
        earlier = ledger.reopen(entry)
        note = self._describe_cuts(cut)
        write_outputs(self.outputs, entry, micrograph, picks, detection.diameter_px, note)
        if detection.segmentation is not None and dirt is not None:
            diameter_px = detection.diameter_px
            segmented = SegmentedMicrograph(micrograph, detection.segmentation, dirt, diameter_px)
            write_masks(self.outputs.folder / entry.output, self.outputs.masks, segmented)
        result = PickedMicrograph(
            name=entry.micrograph.name,
            files=tuple(f"{entry.output.as_posix()}{end}" for end in self.outputs.endings()),
            above_threshold=len(picks),
            diameter_px=detection.diameter_px,
            pixel_size_angstrom=micrograph.pixel_size_angstrom,
            polarity=detection.view.polarity,
            polarity_confidence=detection.polarity_confidence,
            valid_share=detection.view.valid_share,
            advice=advice,
            seconds=time.perf_counter() - start,
            **summarize_scores(merit, picks.probability, dirty)._asdict(),
            **_expected(picks, dirty, cut),
            **_classes(detection, dirt),
        )
        kept = candidates if self.outputs.all_candidates else None
        ledger.close(entry, result, kept, earlier, reading.source)
        return result

    def _find(
        self, entry: BatchEntry, micrograph: Micrograph, job: Job | None
    ) -> tuple[Picks, Detection]:
        """Return the candidates and the detection; no candidates if only masks are written."""
        mask = self._read_mask(entry, micrograph)
        networks = _NETWORKS.load(self.parameters, self.sha256)
        if not self.outputs.formats:
            return _NO_PICKS, detect(micrograph, self.parameters, networks, job, mask)
        everything = self.outputs.all_candidates
        return pick_in_detail(
            micrograph, self.parameters, networks, job, all_candidates=everything, mask=mask
        )

    def _read_mask(self, entry: BatchEntry, micrograph: Micrograph) -> Mask | None:
        """Return the mask that was given for a micrograph; None if none are given."""
        if self.masks is None:
            return None
        least = self.parameters.segmenter.dirt_probability
        return self.masks.read(entry, micrograph.shape, least)

    def _describe_cuts(self, cut: Cut | None) -> str:
        height = describe_threshold(self.parameters.peaks)
        if cut is None:
            return height
        if not cut.picks_something:
            least = self.parameters.classifier.least_f1
            return f"{height}, nothing accepted: expected F1 {cut.best_f1:.2f} < {least:.2f}"
        return f"{height}, P(particle) ≥ {describe_accept(cut.accept, cut.automatic)}"

    def _settings(self) -> dict[str, Any]:
        """Collect the settings that the output files depend on."""
        settings = settings_of_picks(self.parameters, self.sha256)
        settings["outputs"] = {
            "endings": self.outputs.endings(),
            "box_size_px": self.outputs.box_size_px,
            "all_candidates": self.outputs.all_candidates,
        }
        if self.masks:
            settings["masks"] = {"flip_rows": self.masks.flip_rows}
        return settings

    def _explain(self, entry: BatchEntry, error: Exception) -> FailedMicrograph:
        name = entry.micrograph.name
        if isinstance(error, InputFileError):
            place = name if error.path == str(entry.micrograph.path) else error.path
            return FailedMicrograph(name, str(InputFileError(place, error.reason, error.remedy)))
        if isinstance(error, OSError):
            return FailedMicrograph(name, explain(error, name, self.outputs.folder))
        details = "".join(traceback.format_exception(error))
        return FailedMicrograph(name, f"{name}: {type(error).__name__}: {error}", details)


def _identity(path: Path) -> tuple[int, ...]:
    """Return what changes if a file is replaced or written to; empty if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _on(parameters: _ParametersT, device: str) -> _ParametersT:
    detector = parameters.detector.model_copy(update={"device": device})
    return parameters.model_copy(update={"detector": detector})


def _expected(picks: Picks, dirty: NDArray[np.bool_], cut: Cut | None) -> dict[str, Any]:
    """Return the cut of the picks above the threshold, and their expected scores.

    Picks on dirt ``(n,)`` are no particles, whatever the classifier says.
    """
    if cut is None:
        return {}
    expected = expected_scores(np.where(dirty, 0, picks.probability), picks.accepted)
    return {
        "accept": cut.accept if cut.picks_something else None,
        "automatic": cut.automatic,
        "expected_precision": expected.precision,
        "expected_recall": expected.recall,
        "expected_f1": expected.f1,
    }


def _classes(detection: Detection, dirt: Dirt | None) -> dict[str, Any]:
    """Return the dirty area and the shares of the classes, as far as something knows them."""
    segmentation = detection.segmentation
    return {
        "dirty_area": None if dirt is None else dirt.area,
        "shares": {} if segmentation is None else segmentation.shares,
    }
