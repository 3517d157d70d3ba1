"""What `drpnet pick` tells: a line per micrograph, advice, and a summary."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from napari_drpnet.batch import BatchReport, FailedMicrograph, Outcome
from napari_drpnet.batch.results.summary import find_doubts
from napari_drpnet.batch.results.wording import count, count_advice, describe_accepts

#: Of each topic the advice is told for so many micrographs, and counted for the rest.
_TOLD = 3


def describe(outcome: Outcome) -> str:
    """Tell in one line what came of a micrograph."""
    if isinstance(outcome, FailedMicrograph):
        return f"{outcome.name}  FAILED  {outcome.message.removeprefix(f'{outcome.name}: ')}"
    counts = f"{outcome.accepted:5d} of {outcome.above_threshold:5d} accepted"
    return f"{outcome.name}  {counts}  {outcome.seconds:6.1f} s"


class AdviceLines:
    """The advice about each micrograph, until a topic has come up a few times."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()

    def under(self, outcome: Outcome) -> Iterator[str]:
        """Yield the lines to print under that of a micrograph."""
        if isinstance(outcome, FailedMicrograph):
            return
        for advice in outcome.advice:
            self._told[advice.topic] += 1
            if self._told[advice.topic] <= _TOLD:
                yield f"    {advice.text}"

    def has_told_all(self, report: BatchReport) -> bool:
        """Tell whether nothing of a report is left to sum up: there is one micrograph, told."""
        return len(report.picked) <= 1 and self._told.total() > 0


def summarize(report: BatchReport) -> str:
    """Tell what came of a batch."""
    networks = report.networks
    now = [picked for picked in report.picked if not picked.earlier]
    earlier = len(report.picked) - len(now)
    accepted = sum(picked.accepted for picked in report.picked)
    weights = [f"{n.name} ({n.sha256[:8]})" for n in (networks.detector, networks.classifier) if n]
    lines = [
        f"Picked {count(len(now))} in {report.seconds:.1f} s on {networks.device.name} "
        f"({networks.device.reason}) with {' and '.join(weights)}",
        f"{earlier} more were finished before" if earlier else "",
        f"Together {accepted} particles accepted",
        _describe_expected(report),
        f"Index: {report.index}" if report.index else "",
    ]
    return "\n".join(filter(None, lines))


def complain(
    report: BatchReport,
    remedy: str = "repeat the command with --resume to go on",
    *,
    advised: bool = False,
) -> str:
    """List what is not picked or may be wrong, and why; empty where all is well.

    Parameters
    ----------
    report : BatchReport
        Result of a batch.
    remedy : str
        For a batch that was interrupted.
    advised : bool
        Leave out the advice about micrographs.
    """
    lines = [f"  {failed.message}" for failed in report.failed]
    if lines:
        lines.insert(0, f"{count(len(lines))} FAILED:")
    lines += find_doubts(report)
    if not advised:
        lines += map(str, count_advice(report.picked))
    if report.interrupted:
        lines.append(f"Interrupted: {remedy}")
    elif report.waiting:
        lines.append(f"{count(report.waiting)} not picked yet: {remedy}")
    return "\n".join(lines)


def _describe_expected(report: BatchReport) -> str:
    """Tell how good the picks should be, and by which cuts; empty where nobody knows."""
    judged = [picked for picked in report.picked if picked.expected_f1 is not None]
    if not judged:
        return ""
    cuts = describe_accepts(judged, report.parameters.classifier.accept)
    if len(report.picked) > 1:
        median = np.median([picked.expected_f1 or 0.0 for picked in judged])
        return f"Expected F1 {median:.2f} in the median micrograph: {cuts}"
    (only,) = judged
    return (
        f"Expected precision {only.expected_precision:.2f}, recall {only.expected_recall:.2f}, "
        f"F1 {only.expected_f1:.2f}: {cuts}"
    )
