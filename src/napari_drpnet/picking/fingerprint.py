"""Settings that results depend on, as data that can be hashed and compared."""

from pathlib import Path
from typing import Any, NamedTuple

from napari_drpnet.picking.networks.card import ClassifierCard
from napari_drpnet.picking.resolve import NO_SEGMENTER, ResolvedParameters

#: Parameters of peaks and classifier that only decide which candidates are accepted.
CUTS = frozenset({"threshold", "level", "max_count", "accept", "least_f1", "clearance"})


class Hashes(NamedTuple):
    """Hashes of weights files.

    Parameters
    ----------
    detector : str
        Hash of the detector.
    classifier, segmenter : str or None
        Hashes of the classifier, and of the segmenter that finds dirt, which may be the detector
        itself; None without one.
    """

    detector: str
    classifier: str | None = None
    segmenter: str | None = None


def settings_of_picks(parameters: ResolvedParameters, sha256: Hashes) -> dict[str, Any]:
    """Collect the settings that picks depend on, as data of JSON types.

    Parameters
    ----------
    parameters : ResolvedParameters
        Parameters of the picks. Names of networks are replaced by hashes; the device is left out.
    sha256 : Hashes
        Hashes of the weights.

    Notes
    -----
    The parameters of the segmenter are left out if there is none and nothing is set, and so is the
    extraction box if it is not given: results of versions without them remain valid.
    """
    settings = parameters.model_dump(mode="json")
    del settings["detector"]["device"]
    settings["detector"]["weights"] = sha256.detector
    settings["classifier"]["classifier"] = sha256.classifier
    settings["segmenter"]["segmenter"] = sha256.segmenter
    if sha256.segmenter is None and parameters.segmenter == NO_SEGMENTER:
        del settings["segmenter"]
    if parameters.peaks.border_box_px is None:
        del settings["peaks"]["border_box_px"]
    return settings


def settings_of_candidates(parameters: ResolvedParameters, sha256: Hashes) -> dict[str, Any]:
    """Collect the settings that classified candidates depend on: all except `CUTS`.

    Without a segmenter its other parameters have no effect, and are left out.
    """
    settings = settings_of_picks(parameters, sha256)
    if sha256.segmenter is None:
        settings.pop("segmenter", None)
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
    of_segmenter = {"segmenter": sha256.segmenter} if sha256.segmenter else {}
    return {
        "particle": settings["particle"],
        "detector": settings["detector"],
        "classifier_view": classifier and list(classifier.preprocessing),
        **of_segmenter,
    }


def file_stamp(path: Path) -> tuple[int, ...]:
    """Return size and modification time of a file; an empty tuple if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns
