"""Pick many micrographs into an output folder, without losing results if the process dies."""

from napari_drpnet.batch.entries import BatchEntry, find_entries, list_entries
from napari_drpnet.batch.folder.given_masks import GivenMasks
from napari_drpnet.batch.folder.outcomes import (
    BatchReport,
    FailedMicrograph,
    Outcome,
    PickedMicrograph,
)
from napari_drpnet.batch.folder.outputs import Outputs
from napari_drpnet.batch.guards import AlreadyPickedError
from napari_drpnet.batch.run import Existing, pick_micrographs
from napari_drpnet.batch.task import PickTask
from napari_drpnet.batch.watch import Watch, watch_micrographs
from napari_drpnet.batch.workers.cluster import Cluster
from napari_drpnet.batch.workers.processes import Processes
from napari_drpnet.batch.workers.workers import InLine, Workers, choose_workers

__all__ = [
    "AlreadyPickedError",
    "BatchEntry",
    "BatchReport",
    "Cluster",
    "Existing",
    "FailedMicrograph",
    "GivenMasks",
    "InLine",
    "Outcome",
    "Outputs",
    "PickTask",
    "PickedMicrograph",
    "Processes",
    "Watch",
    "Workers",
    "choose_workers",
    "find_entries",
    "list_entries",
    "pick_micrographs",
    "watch_micrographs",
]
