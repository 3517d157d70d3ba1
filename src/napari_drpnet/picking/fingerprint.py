"""What results depend on, as data that can be hashed and compared: equal data, equal results."""

from pathlib import Path
from typing import Any

from napari_drpnet.picking.networks.card import ClassifierCard
from napari_drpnet.picking.resolve import ResolvedParameters

#: Parameters of peaks and classifier that only cut the list of candidates.
CUTS = frozenset({"threshold", "level", "max_count", "accept", "least_f1"})

Hashes = tuple[str, str | None]


def settings_of_picks(parameters: ResolvedParameters, sha256: Hashes) -> dict[str, Any]:
    """Collect what picks depend on besides the micrograph, as JSON gives it back.

    Parameters
    ----------
    parameters : ResolvedParameters
        Networks count by content, whatever their names, and not by device.
    sha256 : tuple of (str, str or None)
        Hashes of the weights of detector and classifier.
    """
    settings = parameters.model_dump(mode="json")
    del settings["detector"]["device"]
    settings["detector"]["weights"], settings["classifier"]["classifier"] = sha256
    return settings


def settings_of_candidates(parameters: ResolvedParameters, sha256: Hashes) -> dict[str, Any]:
    """Collect what classified candidates depend on: all but the cuts."""
    settings = settings_of_picks(parameters, sha256)
    return {
        stage: {name: value for name, value in settings[stage].items() if name not in CUTS}
        for stage in settings
    }


def settings_of_detection(
    parameters: ResolvedParameters, sha256: Hashes, classifier: ClassifierCard | None
) -> dict[str, Any]:
    """Collect what the evidence of a detector and the view of a classifier depend on.

    Another classifier that sees micrographs at the same scale changes nothing here.
    """
    settings = settings_of_picks(parameters, sha256)
    view = ("particle_px", "normalization", "spectrum")
    return {
        "particle": settings["particle"],
        "detector": settings["detector"],
        "classifier_view": classifier and [getattr(classifier, name) for name in view],
    }


def file_stamp(path: Path) -> tuple[int, ...]:
    """Return size and time of a file; nothing where it is missing: whoever reads it will say so."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns
