"""Settings that results depend on, as data that can be hashed and compared."""

from pathlib import Path
from typing import Any

from napari_drpnet.picking.networks.card import ClassifierCard
from napari_drpnet.picking.resolve import ResolvedParameters

#: Parameters of peaks and classifier that only decide which candidates are accepted.
CUTS = frozenset({"threshold", "level", "max_count", "accept", "least_f1"})

Hashes = tuple[str, str | None]


def settings_of_picks(parameters: ResolvedParameters, sha256: Hashes) -> dict[str, Any]:
    """Collect the settings that picks depend on, as data of JSON types.

    Parameters
    ----------
    parameters : ResolvedParameters
        Parameters of the picks. Names of networks are replaced by hashes; the device is left out.
    sha256 : tuple of (str, str or None)
        Hashes of the weights of detector and classifier.
    """
    settings = parameters.model_dump(mode="json")
    del settings["detector"]["device"]
    settings["detector"]["weights"], settings["classifier"]["classifier"] = sha256
    return settings


def settings_of_candidates(parameters: ResolvedParameters, sha256: Hashes) -> dict[str, Any]:
    """Collect the settings that classified candidates depend on: all except `CUTS`."""
    settings = settings_of_picks(parameters, sha256)
    return {
        stage: {name: value for name, value in settings[stage].items() if name not in CUTS}
        for stage in settings
    }


def settings_of_detection(
    parameters: ResolvedParameters, sha256: Hashes, classifier: ClassifierCard | None
) -> dict[str, Any]:
    """Collect the settings that a `Detection` depends on.

    The classifier matters only by the preprocessing that its card asks for.
    """
    settings = settings_of_picks(parameters, sha256)
    return {
        "particle": settings["particle"],
        "detector": settings["detector"],
        "classifier_view": classifier and list(classifier.preprocessing),
    }


def file_stamp(path: Path) -> tuple[int, ...]:
    """Return size and modification time of a file; an empty tuple if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns
