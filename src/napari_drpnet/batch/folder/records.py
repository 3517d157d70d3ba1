"""Records of finished micrographs: one small JSON file per micrograph, written last."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError, field_validator

import napari_drpnet
from napari_drpnet.base.atomic_file import atomic_file, remove_leftovers
from napari_drpnet.base.frozen import Stored
from napari_drpnet.base.paths import is_inside, is_relative_inside
from napari_drpnet.base.picks import Picks
from napari_drpnet.batch.entries import PICKS, RECORDS, BatchEntry
from napari_drpnet.batch.folder.edits import with_edits
from napari_drpnet.batch.folder.given_masks import GivenMasks
from napari_drpnet.batch.folder.outcomes import PickedMicrograph
from napari_drpnet.batch.folder.outputs import Outputs


class Record(Stored):
    """Record of a finished micrograph, with everything that its files depend on.

    Parameters
    ----------
    version : str
        Version of napari-drpnet.
    settings : dict
        Parameters, networks and outputs; see `Ledger`.
    source : dict
        Name, path, file size, modification time and pixel size of the micrograph, and size and
        modification time of the mask that was given for it, if any.
    result : PickedMicrograph
        Result of the micrograph.
    candidates : dict of str to list, optional
        Columns of `Picks` for ``candidates.csv``; None if candidates are not kept.
    """

    version: str
    settings: dict[str, Any]
    source: dict[str, str | float | None]
    result: PickedMicrograph
    candidates: dict[str, list[Any]] | None

    @field_validator("candidates")
    @classmethod
    def _require_columns(cls, columns: dict[str, list[Any]] | None) -> dict[str, list[Any]] | None:
        try:
            if columns is not None and not np.isfinite(_picks(columns).centers_yx).all():
                raise ValueError("a candidate has no position")
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"the columns are no candidates: {error}") from error
        return columns


#: Facts about a micrograph by which a record knows it again.
Source = dict[str, str | float | None]


class _Known(NamedTuple):
    """Content of a record when it was last read."""

    modified_ns: int
    result: PickedMicrograph | None
    source: Source


class Ledger:
    """Records of the finished micrographs in an output folder.

    Parameters
    ----------
    outputs : Outputs
        Files to write, and the output folder.
    settings : dict
        Settings of this run that the files of all micrographs depend on, as read from JSON. For
        `find`, a record with other settings counts as not finished.
    masks : GivenMasks, optional
        Masks of dirt that were given. A record with another mask counts as not finished.
    """

    def __init__(
        self, outputs: Outputs, settings: dict[str, Any], masks: GivenMasks | None = None
    ) -> None:
        self._outputs = outputs
        self._settings = settings
        self._masks = masks
        self._known: dict[Path, _Known] = {}

    def find(self, entry: BatchEntry) -> PickedMicrograph | None:
        """Return the result of a finished micrograph, or None.

        The result is valid if settings and micrograph are unchanged and all files exist. If its
        coordinates were edited since, it has their number; see `with_edits`.
        """
        record = _read(self._path(entry))
        if not record or record.settings != self._settings:
            return None
        if _stamp(record.source) != _stamp(find_source(entry, self._masks)):
            return None
        if not self._is_whole(record.result):
            return None
        result = self._edited(self._path(entry), record.result)
        return result.model_copy(update={"earlier": True})

    def is_other_kind(self, entry: BatchEntry) -> bool:
        """Return whether a micrograph is finished with picks but only masks are wanted, or not."""
        record = _read(self._path(entry))
        return record is not None and has_picks(record.result.files) != bool(self._outputs.formats)

    def find_other(self, entry: BatchEntry) -> str | None:
        """Return the path of another existing micrograph with the same output files, or None."""
        record = _read(self._path(entry))
        owner = record and record.source.get("path")
        if not isinstance(owner, str) or not os.path.exists(owner):
            return None
        place = entry.micrograph.path
        return None if place.exists() and os.path.samefile(owner, place) else owner

    def reopen(self, entry: BatchEntry) -> tuple[str, ...]:
        """Mark a micrograph as not finished, because its files are about to be replaced.

        Returns
        -------
        tuple of str
            Files that an earlier run wrote, relative to the output folder. They are kept, so
            nothing is lost if the new files cannot be written.
        """
        path = self._path(entry)
        record = _read(path)
        path.unlink(missing_ok=True)
        self.sweep(entry)
        return record.result.files if record else ()

    def sweep(self, entry: BatchEntry) -> None:
        """Remove the partial files of a micrograph that a killed process left behind."""
        for target in (self._path(entry), *self._outputs.paths(entry)):
            remove_leftovers(target)

    def close(
        self,
        entry: BatchEntry,
        result: PickedMicrograph,
        candidates: Picks | None,
        earlier: tuple[str, ...],
        source: Source,
    ) -> None:
        """Record that all files of a micrograph are written; remove outdated earlier files.

        Parameters
        ----------
        entry : BatchEntry
            Micrograph.
        result : PickedMicrograph
            Its result.
        candidates : Picks or None
            Its candidates, if they are kept.
        earlier : tuple of str
            Files that an earlier run wrote, from `reopen`. Those outside the output folder, also
            through links, are not removed.
        source : dict
            Facts from `find_source` before the micrograph was read. If it is replaced while it is
            picked, the record therefore counts as not finished.
        """
        record = Record(
            version=napari_drpnet.__version__,
            settings=self._settings,
            source=source,
            result=result,
            candidates=None if candidates is None else _columns(candidates),
        )
        with atomic_file(self._path(entry)) as temporary:
            temporary.write_text(record.model_dump_json(), encoding="utf-8")
        for file in set(earlier) - set(result.files):
            if is_inside(self._outputs.folder, file):
                (self._outputs.folder / file).unlink(missing_ok=True)

    def results(self, requested: Iterable[BatchEntry]) -> Iterator[PickedMicrograph]:
        """Yield the results of all finished micrographs, from any run and with any settings.

        Parameters
        ----------
        requested : iterable of BatchEntry
            Micrographs of this run. Results of other micrographs are included if the micrograph
            still exists.
        """
        for path in self._finished(requested):
            if result := self._look(path).result:
                yield self._edited(path, result)

    def candidates(self, requested: Iterable[BatchEntry]) -> Iterator[tuple[str, Picks]]:
        """Yield name and candidates of each micrograph in `results` whose candidates were kept."""
        for record in self.records(requested):
            if record.candidates is not None:
                yield record.result.name, _picks(record.candidates)

    def records(self, requested: Iterable[BatchEntry]) -> Iterator[Record]:
        """Yield the records of the micrographs in `results`."""
        for path in self._finished(requested):
            if record := _read(path):
                result = self._edited(path, record.result)
                yield record.model_copy(update={"result": result})

    def _finished(self, requested: Iterable[BatchEntry]) -> Iterator[Path]:
        wanted = {self._path(entry) for entry in requested}
        for path in sorted((self._outputs.folder / RECORDS).rglob("[!.]*.json")):
            known = self._look(path)
            is_whole = known.result and self._is_whole(known.result)
            if is_whole and (path in wanted or _is_there(known.source)):
                yield path

    def _edited(self, path: Path, result: PickedMicrograph) -> PickedMicrograph:
        """Return the result that a record contains, with later edits of the coordinates."""
        return with_edits(result, self._outputs.folder, path.stat().st_mtime_ns)

    def _look(self, path: Path) -> _Known:
        """Read a record, again only if it has changed, since a watched folder is indexed often."""
        modified_ns = path.stat().st_mtime_ns
        known = self._known.get(path)
        if known is None or known.modified_ns != modified_ns:
            record = _read(path)
            result, source = (record.result, record.source) if record else (None, {})
            self._known[path] = known = _Known(modified_ns, result, source)
        return known

    def _path(self, entry: BatchEntry) -> Path:
        return self._outputs.folder / RECORDS / f"{entry.output}.json"

    def _is_whole(self, result: PickedMicrograph) -> bool:
        return all((self._outputs.folder / file).is_file() for file in result.files)


def has_picks(files: Iterable[str]) -> bool:
    """Return whether some files of a micrograph are coordinate files."""
    return any(PICKS in PurePath(file).name for file in files)


def _read(path: Path) -> Record | None:
    """Read a record; return None if it is missing or damaged, which means not finished.

    A record that names files outside the output folder is damaged.
    """
    try:
        record = Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return record if all(map(is_relative_inside, record.result.files)) else None


def find_source(entry: BatchEntry, masks: GivenMasks | None) -> Source:
    """Return the facts by which a record knows a micrograph and its mask again.

    They are empty if there is no such micrograph.
    """
    try:
        status = os.stat(entry.micrograph.path)
    except OSError:
        return {}
    source: Source = {
        "name": entry.micrograph.name,
        "path": os.path.abspath(entry.micrograph.path),
        "bytes": status.st_size,
        "modified": status.st_mtime,
        "pixel_size_angstrom": entry.micrograph.pixel_size_angstrom,
    }
    return source | (masks.stamp(entry) if masks else {})


def _is_there(source: Source) -> bool:
    """Return whether the micrograph of a record exists, perhaps in a project that has moved."""
    return any(os.path.exists(str(source[key])) for key in ("path", "name") if source.get(key))


def _stamp(source: Source) -> Source:
    """Return the facts that identify a micrograph even if its project has been moved."""
    return {key: value for key, value in source.items() if key != "path"}


def _columns(picks: Picks) -> dict[str, list[Any]]:
    return {field.name: getattr(picks, field.name).tolist() for field in fields(picks)}


def _picks(columns: dict[str, list[Any]]) -> Picks:
    """Convert the columns of a record to picks; JSON stores NaN as null.

    Records of versions without segmenters have no clearance.
    """
    numbers = {
        name: np.array(columns[name], float)
        for name in ("height", "prominence", "probability", "clearance")
        if name in columns
    }
    centers_yx = np.reshape(np.array(columns["centers_yx"], float), (-1, 2))
    return Picks(centers_yx, accepted=np.array(columns["accepted"], bool), **numbers)
