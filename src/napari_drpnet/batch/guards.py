"""What must not happen to an output folder: lost picks, or two runs at once."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from napari_drpnet.batch.entries import RECORDS, BatchEntry
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.folder.records import Ledger


class AlreadyPickedError(Exception):
    """The output folder has files of these micrographs, and nobody said what to do with them."""


def require_fresh(entries: Iterable[BatchEntry], outputs: Outputs) -> None:
    """Raise `AlreadyPickedError` when there are files that these micrographs would replace."""
    files = [outputs.index, *(path for entry in entries for path in outputs.paths(entry))]
    found = [path for path in files if path.exists()]
    if found:
        raise AlreadyPickedError(
            f"{found[-1]} is there already, {len(found)} files in all; "
            "go on with --resume, or begin again with --overwrite"
        )


def require_own(entries: Iterable[BatchEntry], ledger: Ledger) -> None:
    """Raise `AlreadyPickedError` when the files there are those of other micrographs."""
    for entry in entries:
        if other := ledger.find_other(entry):
            raise AlreadyPickedError(
                f"the picks of {entry.micrograph.path} would replace those of {other}: use another "
                "output folder, or give both in one call"
            )


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Keep other runs out of the output folder; the lock ends with the process, however it ends.

    A folder that was not there, and in which nothing has been written, is removed in the end.

    Raises
    ------
    AlreadyPickedError
        When another run is at work there.
    """
    records = folder / RECORDS
    made = [path for path in (records, *records.parents) if not path.exists()]
    records.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(records / "lock", timeout=0):
            try:
                yield
            finally:
                if made and os.listdir(records) == ["lock"]:
                    (records / "lock").unlink()
    except Timeout as error:
        raise AlreadyPickedError(f"another run is writing into {folder}") from error
    finally:
        with suppress(OSError):  # at the first that is not empty
            for path in made:
                path.rmdir()
