"""What `drpnet pick` tells: a line per micrograph, a summary, or JSON."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from napari_drpnet.batch import BatchReport, FailedMicrograph, Outcome, PickedMicrograph
from napari_drpnet.detection import UNSURE


def describe(outcome: Outcome) -> str:
    """Tell in one line what came of a micrograph."""
    if isinstance(outcome, FailedMicrograph):
        return f"{outcome.name}  FAILED"
    counts = f"{outcome.accepted:5d} of {outcome.above_threshold:5d} accepted"
    doubt = f"  unsure that particles are {outcome.polarity}" if _is_unsure(outcome) else ""
    return f"{outcome.name}  {counts}  {outcome.seconds:6.1f} s{doubt}"


def summarize(report: BatchReport, seconds: float) -> str:
    """Tell what came of a batch."""
    networks = report.networks
    now = [picked for picked in report.picked if not picked.earlier]
    earlier = len(report.picked) - len(now)
    accepted = sum(picked.accepted for picked in report.picked)
    weights = [f"{n.name} ({n.sha256[:8]})" for n in (networks.detector, networks.classifier) if n]
    lines = [
        f"Picked {_count(len(now))} in {seconds:.1f} s on {networks.device.name} "
        f"({networks.device.reason}) with {' and '.join(weights)}",
        f"{earlier} more were finished before" if earlier else "",
        f"Together {accepted} particles accepted",
        f"Index: {report.index}" if report.index else "",
    ]
    return "\n".join(filter(None, lines))


def complain(report: BatchReport) -> str:
    """List what is not picked or may be wrong, and why; empty where all is well."""
    lines = [f"  {failed.message}" for failed in report.failed]
    if lines:
        lines.insert(0, f"{_count(len(lines))} FAILED:")
    lines += _doubts(report)
    if report.interrupted:
        lines.append("Interrupted: repeat the command with --resume to go on")
    return "\n".join(lines)


def to_json(report: BatchReport, seconds: float) -> dict[str, Any]:
    """Return the same as plain dicts and lists, with all parameters."""
    networks = {"detector": report.networks.detector, "classifier": report.networks.classifier}
    return {
        "index": report.index and str(report.index),
        "interrupted": report.interrupted,
        "seconds": seconds,
        "micrographs": [picked.model_dump(mode="json") for picked in report.picked],
        "errors": [asdict(failed) for failed in report.failed],
        "warnings": _doubts(report),
        "device": asdict(report.networks.device),
        "networks": {
            role: network and {"name": network.name, "sha256": network.sha256}
            for role, network in networks.items()
        },
        "parameters": report.parameters.model_dump(mode="json"),
    }


def _doubts(report: BatchReport) -> list[str]:
    """Return warnings about polarity that was found out and may be wrong."""
    unsure = sum(map(_is_unsure, report.picked))
    found = Counter(picked.polarity for picked in report.picked)
    doubts = []
    if unsure:
        doubts.append(
            f"Polarity is uncertain in {_count(unsure)}: look at a preview, or give --polarity"
        )
    if len(found) > 1:
        doubts.append(
            f"Particles seem dark in {found['dark']} and bright in {_count(found['bright'])}: "
            "give --polarity"
        )
    return doubts


def _is_unsure(picked: PickedMicrograph) -> bool:
    return picked.polarity_confidence < UNSURE


def _count(micrographs: int) -> str:
    return f"{micrographs} micrograph{'s' * (micrographs != 1)}"
