"""Protect an output folder from overwritten picks, and from two runs at the same time."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from filelock import FileLock, Timeout

from napari_drpnet.base.atomic_file import sweep_folder
from napari_drpnet.base.paths import is_inside
from napari_drpnet.batch.entries import RECORDS, BatchEntry
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.folder.records import Ledger


class AlreadyPickedError(Exception):
    """Raised if a run would replace existing picks, or if another run uses the output folder."""


def require_fresh(entries: Iterable[BatchEntry], outputs: Outputs) -> None:
    """Raise `AlreadyPickedError` if output files of these micrographs already exist."""
    index = [outputs.index] if outputs.formats else []
    files = [*index, *(path for entry in entries for path in outputs.paths(entry))]
    found = [path for path in files if path.exists()]
    if found:
        raise AlreadyPickedError(
            f"{found[-1]} already exists, {len(found)} files in all; "
            "continue with --resume, or start again with --overwrite"
        )


def require_own(entries: Iterable[BatchEntry], ledger: Ledger) -> None:
    """Raise `AlreadyPickedError` if existing output files belong to other micrographs."""
    for entry in entries:
        if other := ledger.find_other(entry):
            raise AlreadyPickedError(
                f"the files of {entry.micrograph.path} would replace those of {other}: use another "
                "output folder, or give both in one run"
            )


def require_safe(entries: Collection[BatchEntry], outputs: Outputs, ledger: Ledger) -> None:
    """Raise `AlreadyPickedError` if micrographs, picks or masks would be lost, even if asked for.

    Nothing may be written outside the output folder, where a folder in it is a link to another
    place.
    Masks may have the names of micrographs. A folder has either picks or masks alone, because the
    files of a micrograph replace all those that an earlier run wrote.
    """
    micrographs = {os.path.realpath(entry.micrograph.path) for entry in entries}
    for entry in entries:
        if not all(is_inside(outputs.folder, place) for place in _places(entry)):
            raise AlreadyPickedError(
                f"the files of {entry.micrograph.path} would be written outside {outputs.folder}, "
                "in which a folder is a link: use another output folder"
            )
        for path in outputs.paths(entry):
            if os.path.realpath(path) in micrographs:
                raise AlreadyPickedError(
                    f"{path} is a micrograph, which its mask would replace: use another output "
                    "folder"
                )
        if ledger.is_other_kind(entry):
            there, wanted = ("masks", "picks") if outputs.formats else ("picks", "masks")
            raise AlreadyPickedError(
                f"{outputs.folder} has {there}, which {wanted} would replace: use another output "
                "folder"
            )


def _places(entry: BatchEntry) -> tuple[PurePath, PurePath]:
    """Return the paths of the files and of the record of a micrograph in the output folder."""
    return entry.output, RECORDS / entry.output


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Lock the output folder against other runs, and remove what killed runs left of their totals.

    The lock ends with the process, even if the process is killed. A folder that was created for
    the lock is removed at the end if nothing has been written to it.

    Raises
    ------
    AlreadyPickedError
        If another run is writing to the folder.
    """
    records = folder / RECORDS
    made = [path for path in (records, *records.parents) if not path.exists()]
    records.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(records / "lock", timeout=0):
            sweep_folder(folder)
            try:
                yield
            finally:
                if made and os.listdir(records) == ["lock"]:
                    (records / "lock").unlink()
    except Timeout as error:
        raise AlreadyPickedError(f"another run is writing into {folder}") from error
    finally:
        with suppress(OSError):  # raised for the first folder that is not empty
            for path in made:
                path.rmdir()
