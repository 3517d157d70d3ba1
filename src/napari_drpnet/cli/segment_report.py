"""Output of `drpnet segment`: a line per micrograph, and a summary."""

from collections.abc import Sequence

import numpy as np

from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.batch import BatchReport, FailedMicrograph, Outcome, PickedMicrograph
from napari_drpnet.batch.results.wording import describe_shares
from napari_drpnet.cli.pick_report import describe_failure, describe_run


def describe(outcome: Outcome) -> str:
    """Return one line with the dirty area and the classes of a micrograph."""
    if isinstance(outcome, FailedMicrograph):
        return describe_failure(outcome)
    return f"{outcome.name}  {_describe_classes([outcome])}  {outcome.seconds:6.1f} s"


def summarize(report: BatchReport) -> str:
    """Return the last lines of the output: numbers, weights, and the classes on average."""
    lines = describe_run("Segmented", report)
    if report.picked:
        lines.append(f"On average {_describe_classes(report.picked)}")
    return "\n".join(lines)


def _describe_classes(segmented: Sequence[PickedMicrograph]) -> str:
    dirt = np.mean([each.dirty_area or 0.0 for each in segmented])
    shares = {name: float(np.mean([each.shares[name] for each in segmented])) for name in CLASSES}
    return f"{dirt:6.1%} dirty: {describe_shares(shares)}"
