"""What came of a batch, as a table and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from napari_drpnet.batch.outcomes import BatchReport, FailedMicrograph, Outcome, PickedMicrograph
from napari_drpnet.detection import UNSURE
from napari_drpnet.formats.csv import write_rows
from napari_drpnet.formats.text import write_text
from napari_drpnet.micrograph import TIFF_SUFFIXES, natural_order

COLUMNS = ("name", "accepted", "above_threshold", "mean_fom", "seconds", "status", "reason")


def write_table(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write one row for each micrograph, comma-separated.

    Parameters
    ----------
    path : pathlib.Path
        The file to create or replace, with columns
        ``name,accepted,above_threshold,mean_fom,seconds,status,reason``. The status is ``picked``
        or ``failed``; of those that failed only name, status and reason are filled in.
    outcomes : iterable of PickedMicrograph or FailedMicrograph
        In any order. Of several with the same name the last one counts.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    by_name = {outcome.name: outcome for outcome in outcomes}
    names = sorted(by_name, key=lambda name: natural_order(Path(name)))
    write_rows(path, COLUMNS, (_row(by_name[name]) for name in names))


def write_json(path: Path, report: BatchReport) -> None:
    """Write `to_json`; raises `OSError` when the file cannot be written."""
    write_text(path, json.dumps(to_json(report), indent=1) + "\n")


def to_json(report: BatchReport) -> dict[str, Any]:
    """Return a report as plain dicts and lists, with all parameters."""
    networks = {"detector": report.networks.detector, "classifier": report.networks.classifier}
    return {
        "index": report.index and str(report.index),
        "interrupted": report.interrupted,
        "seconds": report.seconds,
        "micrographs": [picked.model_dump(mode="json") for picked in report.picked],
        "errors": [asdict(failed) for failed in report.failed],
        "warnings": find_doubts(report),
        "device": asdict(report.networks.device),
        "networks": {
            role: network and {"name": network.name, "sha256": network.sha256}
            for role, network in networks.items()
        },
        "parameters": report.parameters.model_dump(mode="json"),
    }


def find_doubts(report: BatchReport) -> list[str]:
    """Return warnings: polarity that was found out and may be wrong, and rows of TIFF files."""
    unsure = sum(map(is_unsure, report.picked))
    found = Counter(picked.polarity for picked in report.picked)
    turned = sum(picked.name.lower().endswith(TIFF_SUFFIXES) for picked in report.picked)
    doubts = []
    if unsure:
        doubts.append(
            f"Polarity is uncertain in {count(unsure)}: look at a preview, or give --polarity"
        )
    if len(found) > 1:
        doubts.append(
            f"Particles seem dark in {found['dark']} and bright in {count(found['bright'])}: "
            "give --polarity"
        )
    if turned:
        doubts.append(
            f"Of {count(turned)} in TIFF: RELION and EMAN2 see these upside down, and need "
            "mirrored picks: drpnet convert --flip-rows"
        )
    return doubts


def is_unsure(picked: PickedMicrograph) -> bool:
    """Tell whether the polarity of the particles deserves a look."""
    return picked.polarity_confidence < UNSURE


def count(micrographs: int) -> str:
    """Return the number with its noun."""
    return f"{micrographs} micrograph{'s' * (micrographs != 1)}"


def _row(outcome: Outcome) -> list[object]:
    if isinstance(outcome, FailedMicrograph):
        return [outcome.name, "", "", "", "", "failed", outcome.message]
    fom = "" if outcome.mean_fom is None else f"{outcome.mean_fom:.6g}"
    counts = [outcome.accepted, outcome.above_threshold]
    return [outcome.name, *counts, fom, f"{outcome.seconds:.3f}", "picked", ""]
