"""Picking as an external job of RELION: its protocol, and what it expects to find afterwards."""

from napari_drpnet.relion_job.folder import JobFolder, JobState
from napari_drpnet.relion_job.run import run_job

__all__ = ["JobFolder", "JobState", "run_job"]
