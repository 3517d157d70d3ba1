"""RELION's own files: STAR tables, lists, the pipeline, the folder of a job."""

from napari_drpnet.relion.job_folder import JobFolder, JobState

__all__ = ["JobFolder", "JobState"]
