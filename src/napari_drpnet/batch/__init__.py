"""Pick many micrographs into a folder, so that any end of the process loses nothing finished."""

from napari_drpnet.batch.entries import BatchEntry, list_entries
from napari_drpnet.batch.outputs import Outputs
from napari_drpnet.batch.records import PickedMicrograph
from napari_drpnet.batch.run import (
    AlreadyPickedError,
    BatchReport,
    Existing,
    FailedMicrograph,
    Outcome,
    pick_micrographs,
)

__all__ = [
    "AlreadyPickedError",
    "BatchEntry",
    "BatchReport",
    "Existing",
    "FailedMicrograph",
    "Outcome",
    "Outputs",
    "PickedMicrograph",
    "list_entries",
    "pick_micrographs",
]
