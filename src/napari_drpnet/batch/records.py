"""What is finished in an output folder: one small JSON file per micrograph, written last."""

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

import napari_drpnet
from napari_drpnet.atomic_file import atomic_file, remove_leftovers
from napari_drpnet.batch.entries import BatchEntry
from napari_drpnet.batch.outputs import Outputs
from napari_drpnet.picks import Picks

FOLDER = ".drpnet"


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PickedMicrograph(_Stored):
    """What came of one micrograph.

    Parameters
    ----------
    name : str
        As the index has it.
    files : tuple of str
        Written, relative to the output folder.
    accepted, above_threshold : int
        Picks in the coordinate files, and picks before the classifier judged.
    diameter_px, pixel_size_angstrom : float
        Particle diameter in unbinned pixels, and their size.
    polarity : {'dark', 'bright'}
        Of the particles.
    polarity_confidence : float
        From 0 to 1; 1 where the user said so.
    seconds : float
        From reading to writing.
    earlier : bool
        Finished by an earlier run.
    """

    name: str
    files: tuple[str, ...]
    accepted: int
    above_threshold: int
    diameter_px: float
    pixel_size_angstrom: float
    polarity: Literal["dark", "bright"]
    polarity_confidence: float
    seconds: float
    earlier: bool = False


class Record(_Stored):
    """A finished micrograph and all that its files depend on.

    Parameters
    ----------
    version : str
        Of napari-drpnet.
    settings : dict
        Parameters, networks and outputs; see `Ledger`.
    source : dict
        Size, time and pixel size of the micrograph.
    result : PickedMicrograph
        What came of it.
    candidates : dict of str to list, optional
        Columns of `Picks`, for ``candidates.csv``.
    """

    version: str
    settings: dict[str, Any]
    source: dict[str, float | None]
    result: PickedMicrograph
    candidates: dict[str, list[Any]] | None


class Ledger:
    """Which micrographs are finished in an output folder, with the settings of this run.

    Parameters
    ----------
    outputs : Outputs
        What is written, and where.
    settings : dict
        What the files of all micrographs depend on, as JSON would give it back. A record with
        other settings counts as not finished.
    """

    def __init__(self, outputs: Outputs, settings: dict[str, Any]) -> None:
        self._outputs = outputs
        self._settings = settings

    def find(self, entry: BatchEntry) -> PickedMicrograph | None:
        """Return what is finished, if the micrograph is the same and all files are there."""
        record = _read(self._path(entry))
        if not record or record.settings != self._settings or record.source != _source(entry):
            return None
        if not self._is_whole(record):
            return None
        return record.result.model_copy(update={"earlier": True})

    def forget(self, entry: BatchEntry) -> None:
        """Remove what an earlier run left of a micrograph, just before new files replace it."""
        path = self._path(entry)
        record = _read(path)
        path.unlink(missing_ok=True)
        if record:
            for file in record.result.files:
                (self._outputs.folder / file).unlink(missing_ok=True)
        for target in (path, *self._outputs.paths(entry)):
            remove_leftovers(target)

    def add(self, entry: BatchEntry, result: PickedMicrograph, candidates: Picks | None) -> None:
        """Note that all files of a micrograph are written."""
        record = Record(
            version=napari_drpnet.__version__,
            settings=self._settings,
            source=_source(entry),
            result=result,
            candidates=None if candidates is None else _columns(candidates),
        )
        with atomic_file(self._path(entry)) as temporary:
            temporary.write_text(record.model_dump_json(), encoding="utf-8")

    def results(self) -> Iterator[PickedMicrograph]:
        """Yield all that is finished, in this run or before."""
        return (record.result for record in self._finished())

    def candidates(self) -> Iterator[tuple[str, Picks]]:
        """Yield the names of finished micrographs, and their candidates."""
        for record in self._finished():
            yield record.result.name, _picks(record.candidates or {})

    def _finished(self) -> Iterator[Record]:
        for path in sorted((self._outputs.folder / FOLDER).rglob("[!.]*.json")):
            record = _read(path)
            if record and record.settings == self._settings and self._is_whole(record):
                yield record

    def _path(self, entry: BatchEntry) -> Path:
        return self._outputs.folder / FOLDER / f"{entry.output}.json"

    def _is_whole(self, record: Record) -> bool:
        return all((self._outputs.folder / file).is_file() for file in record.result.files)


def _read(path: Path) -> Record | None:
    """Read a record; one that is missing or damaged means that its micrograph is not finished."""
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _source(entry: BatchEntry) -> dict[str, float | None]:
    try:
        status = os.stat(entry.micrograph.path)
    except OSError:
        return {}
    return {
        "bytes": status.st_size,
        "modified": status.st_mtime,
        "pixel_size_angstrom": entry.micrograph.pixel_size_angstrom,
    }


def _columns(picks: Picks) -> dict[str, list[Any]]:
    return {field.name: getattr(picks, field.name).tolist() for field in fields(picks)}


def _picks(columns: dict[str, list[Any]]) -> Picks:
    """Undo `_columns`; JSON has turned NaN into null."""
    height, prominence, probability = (
        np.array(columns[name], float) for name in ("height", "prominence", "probability")
    )
    centers_yx = np.reshape(np.array(columns["centers_yx"], float), (-1, 2))
    return Picks(centers_yx, height, prominence, probability, np.array(columns["accepted"], bool))
