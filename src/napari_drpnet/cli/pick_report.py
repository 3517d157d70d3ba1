"""What `drpnet pick` tells: a line per micrograph, and a summary."""

from napari_drpnet.batch import BatchReport, FailedMicrograph, Outcome
from napari_drpnet.batch.summary import count, find_doubts, is_unsure


def describe(outcome: Outcome) -> str:
    """Tell in one line what came of a micrograph."""
    if isinstance(outcome, FailedMicrograph):
        return f"{outcome.name}  FAILED  {outcome.message.removeprefix(f'{outcome.name}: ')}"
    counts = f"{outcome.accepted:5d} of {outcome.above_threshold:5d} accepted"
    doubt = f"  unsure that particles are {outcome.polarity}" if is_unsure(outcome) else ""
    return f"{outcome.name}  {counts}  {outcome.seconds:6.1f} s{doubt}"


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
        f"Index: {report.index}" if report.index else "",
    ]
    return "\n".join(filter(None, lines))


def complain(report: BatchReport, remedy: str = "repeat the command with --resume to go on") -> str:
    """List what is not picked or may be wrong, and why; empty where all is well.

    The remedy is for a batch that was interrupted.
    """
    lines = [f"  {failed.message}" for failed in report.failed]
    if lines:
        lines.insert(0, f"{count(len(lines))} FAILED:")
    lines += find_doubts(report)
    if report.interrupted:
        lines.append(f"Interrupted: {remedy}")
    elif report.waiting:
        lines.append(f"{count(report.waiting)} not picked yet: {remedy}")
    return "\n".join(lines)
