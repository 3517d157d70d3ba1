"""Files of classified candidates. They can be recomputed: an unreadable file counts as absent."""

import os
from dataclasses import dataclass, fields
from typing import Literal, cast

import numpy as np

from napari_drpnet.base.atomic_file import atomic_file
from napari_drpnet.base.numpy_files import read_npz
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.advice import Advice, Topic

#: Columns of the candidates. Files of versions without segmenters have no clearance.
_COLUMNS = tuple(field.name for field in fields(Picks))


@dataclass(frozen=True, eq=False)
class StoredCandidates:
    """All candidates of a micrograph, with the facts that are needed to show and export them.

    Parameters
    ----------
    key : str
        Hash of everything that the candidates depend on.
    picks : Picks
        All candidates, classified if there is a classifier.
    shape : tuple of int
        Shape of the micrograph, ``(ny, nx)`` unbinned pixels.
    pixel_size_angstrom : float
        Size of unbinned pixels in Å.
    diameter_px : float
        Particle diameter in unbinned pixels.
    polarity : {'dark', 'bright'}
        Polarity of the particles.
    polarity_confidence : float
        Confidence of the polarity from 0 to 1; 1 if the user has set it.
    detection_key : str
        Hash of everything that the distance map depends on; empty in files of earlier versions.
    advice : tuple of Advice
        Advice on the micrograph and its distance map, independent of which picks are accepted.
    dirty_area : float or None
        Share of dirt in the valid area; None if nothing knows about dirt, and in files of earlier
        versions.
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
    dirty_area: float | None = None


def write_candidates(path: str | os.PathLike[str], candidates: StoredCandidates) -> None:
    """Write candidates to a ``.npz`` file, completely or not at all.

    Parameters
    ----------
    path : path-like
        File to create or replace.
    candidates : StoredCandidates
        Candidates to write.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    columns = {name: getattr(candidates.picks, name) for name in _COLUMNS}
    others = {field.name: getattr(candidates, field.name) for field in fields(StoredCandidates)}
    del others["picks"]
    advice, dirty_area = others.pop("advice"), others.pop("dirty_area")
    others["advice_topics"] = np.array([one.topic for one in advice], str)
    others["advice_texts"] = np.array([one.text for one in advice], str)
    others["dirty_area"] = np.nan if dirty_area is None else dirty_area
    with atomic_file(path) as temporary:
        np.savez(temporary, allow_pickle=False, **columns, **others)


def read_candidates(path: str | os.PathLike[str]) -> StoredCandidates | None:
    """Read candidates from a file; return None if it is absent or damaged."""
    try:
        # They are stored without compression.
        return _candidates(read_npz(path, most_bytes=os.path.getsize(path)))
    except Exception:  # noqa: BLE001 - a damaged file may raise almost any error
        return None


def _candidates(arrays: dict[str, np.ndarray]) -> StoredCandidates:
    rows, columns = (int(side) for side in arrays["shape"])
    polarity = str(arrays["polarity"])
    if polarity not in ("dark", "bright"):
        raise ValueError(f"polarity must be dark or bright, not {polarity}")
    dirty_area = float(arrays.get("dirty_area", np.nan))
    return StoredCandidates(
        key=str(arrays["key"]),
        picks=Picks(**{name: arrays[name] for name in _COLUMNS if name in arrays}),
        shape=(rows, columns),
        pixel_size_angstrom=float(arrays["pixel_size_angstrom"]),
        diameter_px=float(arrays["diameter_px"]),
        polarity="dark" if polarity == "dark" else "bright",
        polarity_confidence=float(arrays["polarity_confidence"]),
        detection_key=str(arrays.get("detection_key", "")),
        advice=_advice(arrays),
        dirty_area=None if np.isnan(dirty_area) else dirty_area,
    )


def _advice(arrays: dict[str, np.ndarray]) -> tuple[Advice, ...]:
    """Return the advice in a file; empty for files of versions that did not store any."""
    topics, texts = (arrays.get(f"advice_{part}", np.empty(0)) for part in ("topics", "texts"))
    pairs = zip(topics.tolist(), texts.tolist(), strict=True)
    return tuple(Advice(cast(Topic, topic), text) for topic, text in pairs)
