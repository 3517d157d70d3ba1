"""RELION's own files: STAR tables, lists of micrographs, the pipeline and job folders."""

from napari_drpnet.relion.job_folder import JobFolder, JobState

__all__ = ["JobFolder", "JobState"]
