"""One micrograph after another: read, pick, write; what fails is noted, the rest goes on."""

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from filelock import FileLock, Timeout

from napari_drpnet.atomic_file import remove_leftovers
from napari_drpnet.batch.entries import RECORDS, BatchEntry
from napari_drpnet.batch.outputs import Outputs, explain, index_rows, write_outputs
from napari_drpnet.batch.records import Ledger, PickedMicrograph
from napari_drpnet.detection import Networks, load_networks
from napari_drpnet.errors import InputFileError
from napari_drpnet.formats.csv import write_candidates_csv
from napari_drpnet.formats.relion import write_index
from napari_drpnet.jobs import Cancelled, Job
from napari_drpnet.micrograph import Micrograph, read_micrograph
from napari_drpnet.parameters import PickParameters
from napari_drpnet.picking import above_threshold, pick_in_detail, resolve

Existing = Literal["refuse", "resume", "overwrite"]
Row = TypeVar("Row")


class AlreadyPickedError(Exception):
    """The output folder has files of these micrographs, and nobody said what to do with them."""


@dataclass(frozen=True)
class FailedMicrograph:
    """A micrograph that could not be picked.

    Parameters
    ----------
    name : str
        As the index would have it.
    message : str
        What is wrong, and perhaps what to do.
    details : str
        The traceback of an error that nobody foresaw; else empty.
    """

    name: str
    message: str
    details: str = ""


Outcome = PickedMicrograph | FailedMicrograph


@dataclass(frozen=True, eq=False)
class BatchReport:
    """What came of a batch.

    Parameters
    ----------
    picked : tuple of PickedMicrograph
        Finished, now or by an earlier run.
    failed : tuple of FailedMicrograph
        Not finished, and why.
    interrupted : bool
        Stopped before the last micrograph.
    index : pathlib.Path or None
        RELION's index of all that is finished; None when that is nothing, or when no format is
        one that RELION reads.
    parameters : PickParameters
        With what the weights recommend filled in.
    networks : Networks
        That picked, and their device.
    """

    picked: tuple[PickedMicrograph, ...]
    failed: tuple[FailedMicrograph, ...]
    interrupted: bool
    index: Path | None
    parameters: PickParameters
    networks: Networks


def pick_micrographs(
    entries: Iterable[BatchEntry],
    parameters: PickParameters,
    outputs: Outputs,
    *,
    existing: Existing = "refuse",
    job: Job | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> BatchReport:
    """Pick micrographs one after another, and write the files of each as soon as it is done.

    Parameters
    ----------
    entries : iterable of BatchEntry
        From `list_entries`.
    parameters : PickParameters
        For all of them. The pixel size is that of the parameters, else of the entry, else of the
        micrograph's header.
    outputs : Outputs
        What to write, and where.
    existing : {'refuse', 'resume', 'overwrite'}
        When the folder already has files of these micrographs: refuse to start; keep what was
        finished with the same parameters, networks and outputs; or pick all again.
    job : Job, optional
        Told after each tile and batch of a micrograph; may cancel.
    on_outcome : callable, optional
        Told what came of each micrograph.

    Returns
    -------
    BatchReport
        Also after a cancelled job or Ctrl-C: what is finished then stays, and is indexed.

    Raises
    ------
    AlreadyPickedError
        When there are files already, and nobody said what to do with them.
    InputFileError
        When weights are missing or damaged.
    ValueError
        When the device is not there.
    OSError
        When the output folder cannot be written to.
    """
    entries = tuple(entries)
    if existing == "refuse":
        _require_fresh(entries, outputs)
    networks = load_networks(parameters)
    parameters = resolve(parameters, networks)
    ledger = Ledger(outputs, _settings(parameters, networks, outputs))
    batch = _Batch(parameters, networks, outputs, ledger, job)
    outcomes: list[Outcome] = []
    interrupted = False
    with _sole_writer(outputs.folder):
        if existing == "resume":
            _require_own(entries, ledger)
        try:
            for entry in entries:
                earlier = ledger.find(entry) if existing == "resume" else None
                outcome = earlier or batch.pick(entry)
                outcomes.append(outcome)
                if on_outcome:
                    on_outcome(outcome)
        except (Cancelled, KeyboardInterrupt):
            interrupted = True
        index = _write_summaries(ledger, outputs)
    return BatchReport(
        tuple(outcome for outcome in outcomes if isinstance(outcome, PickedMicrograph)),
        tuple(outcome for outcome in outcomes if isinstance(outcome, FailedMicrograph)),
        interrupted,
        index,
        parameters,
        networks,
    )


def _require_fresh(entries: Iterable[BatchEntry], outputs: Outputs) -> None:
    files = [outputs.index, *(path for entry in entries for path in outputs.paths(entry))]
    found = [path for path in files if path.exists()]
    if found:
        raise AlreadyPickedError(
            f"{found[-1]} is there already, {len(found)} files in all; "
            "go on with --resume, or begin again with --overwrite"
        )


def _require_own(entries: Iterable[BatchEntry], ledger: Ledger) -> None:
    for entry in entries:
        if other := ledger.find_other(entry):
            raise AlreadyPickedError(
                f"the picks of {entry.micrograph.path} would replace those of {other}: use another "
                "output folder, or give both in one call"
            )


@contextmanager
def _sole_writer(folder: Path) -> Iterator[None]:
    """Keep other runs out of the output folder; the lock ends with the process, however it ends.

    Raises
    ------
    AlreadyPickedError
        When another run is at work there.
    """
    records = folder / RECORDS
    records.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(records / "lock", timeout=0):
            yield
    except Timeout as error:
        raise AlreadyPickedError(f"another run is writing into {folder}") from error


def _settings(parameters: PickParameters, networks: Networks, outputs: Outputs) -> dict[str, Any]:
    """Collect what the files depend on: networks by content, whatever their name and device."""
    settings = parameters.model_dump(mode="json")
    del settings["detector"]["device"]
    settings["detector"]["weights"] = networks.detector.sha256
    settings["classifier"]["classifier"] = networks.classifier and networks.classifier.sha256
    settings["outputs"] = {
        "endings": outputs.endings(),
        "box_size_px": outputs.box_size_px,
        "all_candidates": outputs.all_candidates,
    }
    return settings


@dataclass(frozen=True, eq=False)
class _Batch:
    """What is the same for all micrographs of a batch."""

    parameters: PickParameters
    networks: Networks
    outputs: Outputs
    ledger: Ledger
    job: Job | None

    def pick(self, entry: BatchEntry) -> Outcome:
        """Pick one micrograph, or explain why not."""
        name = entry.micrograph.name
        try:
            return self._pick(entry)
        except Cancelled:
            raise
        except InputFileError as error:
            return FailedMicrograph(name, str(error))
        except OSError as error:
            return FailedMicrograph(name, explain(error, name, self.outputs.folder))
        except Exception as error:  # noqa: BLE001 - one bad micrograph must not end the batch
            message = f"{name}: {type(error).__name__}: {error}"
            return FailedMicrograph(name, message, traceback.format_exc())

    def _pick(self, entry: BatchEntry) -> PickedMicrograph:
        start = time.perf_counter()
        micrograph = self._read(entry)
        candidates, detection = pick_in_detail(
            micrograph,
            self.parameters,
            self.networks,
            self.job,
            all_candidates=self.outputs.all_candidates,
        )
        picks = candidates.where(above_threshold(candidates, self.parameters))
        earlier = self.ledger.reopen(entry)
        write_outputs(
            self.outputs, entry, micrograph, picks, detection.diameter_px, self._describe_cuts()
        )
        assert micrograph.pixel_size_angstrom is not None
        result = PickedMicrograph(
            name=entry.micrograph.name,
            files=tuple(f"{entry.output.as_posix()}{end}" for end in self.outputs.endings()),
            accepted=int(picks.accepted.sum()),
            above_threshold=len(picks),
            diameter_px=detection.diameter_px,
            pixel_size_angstrom=micrograph.pixel_size_angstrom,
            polarity=detection.view.polarity,
            polarity_confidence=detection.polarity_confidence,
            seconds=time.perf_counter() - start,
        )
        kept = candidates if self.outputs.all_candidates else None
        self.ledger.close(entry, result, kept, earlier)
        return result

    def _describe_cuts(self) -> str:
        peaks, accept = self.parameters.peaks, self.parameters.classifier.accept
        assert peaks.threshold is not None
        cut = f"{peaks.score} ≥ {peaks.threshold * peaks.level:.4g}"
        return cut if self.networks.classifier is None else f"{cut}, P(particle) ≥ {accept:.4g}"

    def _read(self, entry: BatchEntry) -> Micrograph:
        """Read a micrograph with the pixel size that counts: the user's, the list's, its own."""
        given = self.parameters.particle.pixel_size_angstrom
        listed = entry.micrograph.pixel_size_angstrom
        return read_micrograph(entry.micrograph.path).with_pixel_size(given, listed)


def _write_summaries(ledger: Ledger, outputs: Outputs) -> Path | None:
    """Write the files about all finished micrographs; return RELION's index if there is one."""
    results = list(ledger.results())
    if not results:
        return None
    candidates = list(ledger.candidates())
    _replace(outputs.candidates, candidates, write_candidates_csv)
    files = ((result.name, result.files) for result in results)
    rows = list(index_rows(outputs.folder, files, project=Path.cwd()))
    _replace(outputs.index, rows, write_index)
    return outputs.index if rows else None


def _replace(path: Path, rows: list[Row], write: Callable[[Path, Iterable[Row]], None]) -> None:
    """Write a file of rows; where there are none, see that an earlier one does not mislead."""
    remove_leftovers(path)
    if rows:
        write(path, rows)
    else:
        path.unlink(missing_ok=True)
