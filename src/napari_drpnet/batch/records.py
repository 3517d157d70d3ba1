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
from napari_drpnet.batch.entries import RECORDS, BatchEntry
from napari_drpnet.batch.outputs import Outputs
from napari_drpnet.picks import Picks


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
        Name, place, size, time and pixel size of the micrograph.
    result : PickedMicrograph
        What came of it.
    candidates : dict of str to list, optional
        Columns of `Picks`, for ``candidates.csv``.
    """

    version: str
    settings: dict[str, Any]
    source: dict[str, str | float | None]
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
        if not record or record.settings != self._settings:
            return None
        if _stamp(record.source) != _stamp(_source(entry)):
            return None
        if not self._is_whole(record):
            return None
        return record.result.model_copy(update={"earlier": True})

    def find_other(self, entry: BatchEntry) -> str | None:
        """Return another micrograph, still there, whose picks have the files of this one."""
        record = _read(self._path(entry))
        owner = record and record.source.get("path")
        if not isinstance(owner, str) or not os.path.exists(owner):
            return None
        place = entry.micrograph.path
        return None if place.exists() and os.path.samefile(owner, place) else owner

    def reopen(self, entry: BatchEntry) -> tuple[str, ...]:
        """Note that a micrograph is not finished, because its files are about to be replaced.

        Returns
        -------
        tuple of str
            Files that an earlier run has written, relative to the output folder. They stay, so
            that nothing is lost should the new ones not come to be.
        """
        path = self._path(entry)
        record = _read(path)
        path.unlink(missing_ok=True)
        for target in (path, *self._outputs.paths(entry)):
            remove_leftovers(target)
        return record.result.files if record else ()

    def close(
        self,
        entry: BatchEntry,
        result: PickedMicrograph,
        candidates: Picks | None,
        earlier: tuple[str, ...],
    ) -> None:
        """Note that all files of a micrograph are written; remove earlier ones of other kinds."""
        record = Record(
            version=napari_drpnet.__version__,
            settings=self._settings,
            source=_source(entry),
            result=result,
            candidates=None if candidates is None else _columns(candidates),
        )
        with atomic_file(self._path(entry)) as temporary:
            temporary.write_text(record.model_dump_json(), encoding="utf-8")
        for file in set(earlier) - set(result.files):
            (self._outputs.folder / file).unlink(missing_ok=True)

    def results(self) -> Iterator[PickedMicrograph]:
        """Yield all that is finished in the folder, in this run or before, with any settings."""
        return (record.result for record in self._finished())

    def candidates(self) -> Iterator[tuple[str, Picks]]:
        """Yield the names of finished micrographs, and their candidates where these were kept."""
        for record in self._finished():
            if record.candidates is not None:
                yield record.result.name, _picks(record.candidates)

    def _finished(self) -> Iterator[Record]:
        for path in sorted((self._outputs.folder / RECORDS).rglob("[!.]*.json")):
            record = _read(path)
            if record and self._is_whole(record):
                yield record

    def _path(self, entry: BatchEntry) -> Path:
        return self._outputs.folder / RECORDS / f"{entry.output}.json"

    def _is_whole(self, record: Record) -> bool:
        return all((self._outputs.folder / file).is_file() for file in record.result.files)


def _read(path: Path) -> Record | None:
    """Read a record; one that is missing or damaged means that its micrograph is not finished."""
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _source(entry: BatchEntry) -> dict[str, str | float | None]:
    try:
        status = os.stat(entry.micrograph.path)
    except OSError:
        return {}
    return {
        "name": entry.micrograph.name,
        "path": os.path.abspath(entry.micrograph.path),
        "bytes": status.st_size,
        "modified": status.st_mtime,
        "pixel_size_angstrom": entry.micrograph.pixel_size_angstrom,
    }


def _stamp(source: dict[str, str | float | None]) -> dict[str, str | float | None]:
    """Return what tells a micrograph, wherever its project has been moved to."""
    return {key: value for key, value in source.items() if key != "path"}


def _columns(picks: Picks) -> dict[str, list[Any]]:
    return {field.name: getattr(picks, field.name).tolist() for field in fields(picks)}


def _picks(columns: dict[str, list[Any]]) -> Picks:
    """Undo `_columns`; JSON has turned NaN into null."""
    height, prominence, probability = (
        np.array(columns[name], float) for name in ("height", "prominence", "probability")
    )
    centers_yx = np.reshape(np.array(columns["centers_yx"], float), (-1, 2))
    return Picks(centers_yx, height, prominence, probability, np.array(columns["accepted"], bool))
