"""Judged candidates on disk. They can be made again, so what cannot be read counts as absent."""

import os
from dataclasses import dataclass, fields
from typing import Literal, cast

import numpy as np

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.numpy_files import read_npz
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.advice import Advice, Topic


@dataclass(frozen=True, eq=False)
class StoredCandidates:
    """All candidates of a micrograph, and what goes with them.

    Parameters
    ----------
    key : str
        Hash of all that they depend on.
    picks : Picks
        All candidates, judged where there is a classifier.
    shape : tuple of int
        Rows and columns of the micrograph, unbinned.
    pixel_size_angstrom : float
        Of unbinned pixels.
    diameter_px : float
        Of the particle, in unbinned pixels.
    polarity : {'dark', 'bright'}
        Of the particles.
    polarity_confidence : float
        From 0 to 1; 1 where the user said so.
    detection_key : str
        Hash of what the distance map depends on; empty in files of earlier versions.
    advice : tuple of Advice
        What is odd about the micrograph and its distance map, whatever is accepted.
    """

    key: str
    picks: Picks
    shape: tuple[int, int]
    pixel_size_angstrom: float
    diameter_px: float
    polarity: Literal["dark", "bright"]
    polarity_confidence: float
    detection_key: str = ""
    advice: tuple[Advice, ...] = ()


def write_candidates(path: str | os.PathLike[str], candidates: StoredCandidates) -> None:
    """Write candidates to a ``.npz`` file, which is whole or absent.

    Raises
    ------
    OSError
        When that is not possible.
    """
    columns = {field.name: getattr(candidates.picks, field.name) for field in fields(Picks)}
    others = {field.name: getattr(candidates, field.name) for field in fields(StoredCandidates)}
    del others["picks"]
    advice = others.pop("advice")
    others["advice_topics"] = np.array([one.topic for one in advice], str)
    others["advice_texts"] = np.array([one.text for one in advice], str)
    with atomic_file(path) as temporary:
        np.savez(temporary, allow_pickle=False, **columns, **others)


def read_candidates(path: str | os.PathLike[str]) -> StoredCandidates | None:
    """Read candidates; None when the file is absent or damaged."""
    try:
        return _candidates(read_npz(path))
    except Exception:  # noqa: BLE001 - damage has as many errors as zip and numpy have lines
        return None


def _candidates(arrays: dict[str, np.ndarray]) -> StoredCandidates:
    rows, columns = (int(side) for side in arrays["shape"])
    polarity = str(arrays["polarity"])
    if polarity not in ("dark", "bright"):
        raise ValueError(f"polarity must be dark or bright, not {polarity}")
    return StoredCandidates(
        key=str(arrays["key"]),
        picks=Picks(**{field.name: arrays[field.name] for field in fields(Picks)}),
        shape=(rows, columns),
        pixel_size_angstrom=float(arrays["pixel_size_angstrom"]),
        diameter_px=float(arrays["diameter_px"]),
        polarity="dark" if polarity == "dark" else "bright",
        polarity_confidence=float(arrays["polarity_confidence"]),
        detection_key=str(arrays.get("detection_key", "")),
        advice=_advice(arrays),
    )


def _advice(arrays: dict[str, np.ndarray]) -> tuple[Advice, ...]:
    """Return what a file says; nothing where it is of a version that knew of none."""
    topics, texts = (arrays.get(f"advice_{part}", np.empty(0)) for part in ("topics", "texts"))
    pairs = zip(topics.tolist(), texts.tolist(), strict=True)
    return tuple(Advice(cast(Topic, topic), text) for topic, text in pairs)
