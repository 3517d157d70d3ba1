"""Results of a batch as a table and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from napari_drpnet.base.segmentation import CLASSES
from napari_drpnet.base.text import write_text
from napari_drpnet.base.wording import counted
from napari_drpnet.batch.folder.outcomes import BatchReport, FailedMicrograph, Outcome
from napari_drpnet.batch.results.wording import count_advice
from napari_drpnet.formats.programs.csv import write_rows
from napari_drpnet.images.micrograph import TIFF_SUFFIXES, natural_order

COLUMNS = ("name", "accepted", "above_threshold", "mean_fom", "accept", "expected_f1", "seconds",
           "status", "reason", "advice", "on_dirt", "dirty_area", *CLASSES)  # fmt: skip


def write_table(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write a CSV table with one row for each micrograph.

    Parameters
    ----------
    path : pathlib.Path
        File to create or replace, with the columns `COLUMNS`. The status is ``picked`` or
        ``failed``; failed micrographs have only a name, a status and a reason. Without a segmenter
        the shares of the classes are empty, and so is the dirty area if nothing knows about dirt.
    outcomes : iterable of PickedMicrograph or FailedMicrograph
        Results in any order. If several have the same name, the last one is written.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    by_name = {outcome.name: outcome for outcome in outcomes}
    names = sorted(by_name, key=lambda name: natural_order(Path(name)))
    write_rows(path, COLUMNS, (_row(by_name[name]) for name in names))


def write_json(path: Path, report: BatchReport) -> None:
    """Write the result of `to_json`. Raises `OSError` if the file cannot be written."""
    write_text(path, json.dumps(to_json(report), indent=1) + "\n")


def to_json(report: BatchReport) -> dict[str, Any]:
    """Return a report as plain dicts and lists, with all parameters."""
    networks = {
        "detector": report.networks.detector,
        "classifier": report.networks.classifier,
        "segmenter": report.networks.segmenter,
    }
    return {
        "index": report.index and str(report.index),
        "interrupted": report.interrupted,
        "seconds": report.seconds,
        "micrographs": [picked.model_dump(mode="json") for picked in report.picked],
        "errors": [asdict(failed) for failed in report.failed],
        "warnings": find_doubts(report),
        "advice": [asdict(counted) for counted in count_advice(report.picked)],
        "device": asdict(report.networks.device),
        "networks": {
            role: network and {"name": network.name, "sha256": network.sha256}
            for role, network in networks.items()
        },
        "parameters": report.parameters.model_dump(mode="json"),
    }


def find_doubts(report: BatchReport) -> list[str]:
    """Return warnings about the batch as a whole: mixed polarity, and the row order of TIFF."""
    found = Counter(picked.polarity for picked in report.picked)
    turned = sum(picked.name.lower().endswith(TIFF_SUFFIXES) for picked in report.picked)
    warnings = []
    if len(found) > 1:
        warnings.append(
            f"Particles seem dark in {found['dark']} and bright in "
            f"{counted(found['bright'], 'micrograph')}: give --polarity"
        )
    if turned:
        warnings.append(
            f"{counted(turned, 'micrograph')} in TIFF format: RELION and EMAN2 read TIFF upside "
            "down, and need mirrored picks: drpnet convert --flip-rows"
        )
    return warnings


def _row(outcome: Outcome) -> list[object]:
    if isinstance(outcome, FailedMicrograph):
        unknown = [""] * (3 + len(CLASSES))
        return [outcome.name, *[""] * 6, "failed", _plain(outcome.message), *unknown]
    counts = [outcome.accepted, outcome.above_threshold]
    scores = map(_number, (outcome.mean_fom, outcome.accept, outcome.expected_f1))
    advice = " ".join(each.text for each in outcome.advice)
    status = [f"{outcome.seconds:.3f}", "picked", "", advice]
    classes = [_number(outcome.shares.get(name)) for name in CLASSES]
    dirt = [outcome.on_dirt, _number(outcome.dirty_area)]
    return [outcome.name, *counts, *scores, *status, *dirt, *classes]


def _plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; names are kept, as we read them."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
