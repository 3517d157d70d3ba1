"""Output of `drpnet pick`: a line per micrograph, advice, and a summary."""

import errno
import os
from collections import Counter
from collections.abc import Iterator

import numpy as np

from napari_drpnet.base.wording import counted
from napari_drpnet.batch import BatchReport, FailedMicrograph, Outcome, Outputs
from napari_drpnet.batch.folder.outputs import default_box_size
from napari_drpnet.batch.results.summary import find_doubts
from napari_drpnet.batch.results.wording import (
    count_advice,
    describe_accepts,
    list_weights,
)
from napari_drpnet.relion.pipeline import NEWEST, RelionVersion

#: Number of micrographs for which the advice of a topic is printed; the rest is counted.
_MAX_PRINTED = 3


def describe(outcome: Outcome) -> str:
    """Return one line with the result of a micrograph."""
    if isinstance(outcome, FailedMicrograph):
        return describe_failure(outcome)
    counts = f"{outcome.accepted:5d} of {outcome.above_threshold:5d} accepted"
    if outcome.dirty_area is not None:
        counts += f", {outcome.on_dirt:4d} on dirt"
    return f"{outcome.name}  {counts}  {outcome.seconds:6.1f} s"


def describe_failure(failed: FailedMicrograph) -> str:
    """Return one line with the reason why a micrograph failed."""
    return f"{failed.name}  FAILED  {failed.message.removeprefix(f'{failed.name}: ')}"


class AdviceLines:
    """Lines with the advice about each micrograph, for the first few of each topic."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def under(self, outcome: Outcome) -> Iterator[str]:
        """Yield the lines to print below the line of a micrograph."""
        if isinstance(outcome, FailedMicrograph):
            return
        for advice in outcome.advice:
            self._counts[advice.topic] += 1
            if self._counts[advice.topic] <= _MAX_PRINTED:
                yield f"    {advice.text}"

    def is_complete(self, report: BatchReport) -> bool:
        """Return whether the advice of a single micrograph has been printed: no summary needed."""
        return len(report.picked) <= 1 and self._counts.total() > 0


def summarize(report: BatchReport, outputs: Outputs, relion: RelionVersion | None) -> str:
    """Return the last lines of the output: numbers, weights, expected scores, files for RELION.

    Parameters
    ----------
    report : BatchReport
        Results of the batch.
    outputs : Outputs
        Files that were written.
    relion : {'3.1', '4', '5'}, optional
        Version of the RELION project in which they were written; None if it is unknown.
    """
    accepted = sum(picked.accepted for picked in report.picked)
    lines = [
        *describe_run("Picked", report),
        f"{counted(accepted, 'particle')} accepted in total",
        _describe_expected(report),
        *(_describe_relion(report, outputs, relion) if report.index and report.picked else []),
    ]
    return "\n".join(filter(None, lines))


def describe_run(verb: str, report: BatchReport) -> list[str]:
    """Return the lines with the number of micrographs, the time, the device and the weights."""
    device = report.networks.device
    now = [picked for picked in report.picked if not picked.earlier]
    earlier = len(report.picked) - len(now)
    *first, last = [f"{n.name} ({n.sha256[:8]})" for n in list_weights(report.networks)]
    weights = f"{', '.join(first)} and {last}" if first else last
    line = (
        f"{verb} {counted(len(now), 'micrograph')} in {report.seconds:.1f} s "
        f"on {device.name} ({device.reason}) with {weights}"
    )
    if not earlier:
        return [line]
    edited = sum(picked.edited for picked in report.picked)
    by_hand = f", {edited} of them edited by hand since" if edited else ""
    return [line, f"{earlier} more were finished before{by_hand}"]


def complain(
    report: BatchReport,
    remedy: str = "repeat the command with --resume to continue",
    *,
    advised: bool = False,
) -> str:
    """Return the problems of a batch: failures, warnings, advice and unfinished micrographs.

    Parameters
    ----------
    report : BatchReport
        Results of the batch.
    remedy : str
        Instruction for continuing a batch that is not finished.
    advised : bool
        Whether to leave out the advice, because it has been printed already.

    Returns
    -------
    str
        One line for each problem; empty if there are none.
    """
    lines = [f"  {failed.message}" for failed in report.failed]
    if lines:
        lines.insert(0, f"{counted(len(lines), 'micrograph')} FAILED:")
        if any(os.strerror(errno.ENOSPC) in failed.message for failed in report.failed):
            lines.append(f"The disk is full: free some space, then {remedy}")
    lines += find_doubts(report)
    if not advised:
        lines += map(str, count_advice(report.picked))
    if report.interrupted:
        lines.append(f"Interrupted: {remedy}")
    elif report.waiting:
        lines.append(f"{counted(report.waiting, 'micrograph')} not finished yet: {remedy}")
    return "\n".join(lines)


def describe_extraction(outputs: Outputs, relion: RelionVersion | None, box: str = "") -> list[str]:
    """Return the lines that tell what to type in RELION's job Particle extraction.

    Parameters
    ----------
    outputs : Outputs
        Files that were written, with RELION's list of micrographs.
    relion : {'3.1', '4', '5'}, optional
        Version of the RELION project; None if it is unknown.
    box : str
        What to say about the size of boxes; empty if nothing is known.
    """
    index = outputs.input_coordinates(NEWEST)
    intro = f"For Particle extraction: micrographs {outputs.micrographs_star}"
    box = f", {box}" if box else ""
    if relion:
        return [f"{intro}, coordinates {outputs.input_coordinates(relion)}{box}"]
    return [
        f"{intro}{box}, and as coordinates",
        f"  {index} in RELION 4 and 5",
        f"  {outputs.input_coordinates('3.1')} in RELION 3.1, which would extract no particles "
        f"with {index.name}",
    ]


def _describe_relion(
    report: BatchReport, outputs: Outputs, relion: RelionVersion | None
) -> list[str]:
    if outputs.micrographs_star is None:
        if relion == "3.1":
            return ["RELION 3.1 needs its list of micrographs: pick that in place of the files"]
        return [f"Index for RELION 4 and 5: {outputs.input_coordinates(NEWEST)}"]
    side = max(default_box_size(picked.diameter_px) for picked in report.picked)
    return describe_extraction(outputs, relion, f"box size {side} pixels or more")


def _describe_expected(report: BatchReport) -> str:
    """Return the expected scores and the cuts; empty without a classifier."""
    classified = [picked for picked in report.picked if picked.expected_f1 is not None]
    if not classified:
        return ""
    cuts = describe_accepts(classified, report.parameters.classifier.accept)
    if len(report.picked) > 1:
        median = np.median([picked.expected_f1 or 0.0 for picked in classified])
        return f"Expected F1 {median:.2f} in the median micrograph: {cuts}"
    (only,) = classified
    return (
        f"Expected precision {only.expected_precision:.2f}, recall {only.expected_recall:.2f}, "
        f"F1 {only.expected_f1:.2f}: {cuts}"
    )
