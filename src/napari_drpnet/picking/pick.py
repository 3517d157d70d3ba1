"""The one composition: a micrograph goes in, picks come out.

The command line, the plugin and a notebook all call `pick`, or its stages in the same order:
`detection.detect` (slow, once per micrograph), `candidates.rank_candidates` (again when sigma
moves), `classification.classify.classify` (once per candidate), `cuts.accept` (a comparison, again
when a threshold moves). To save time `pick` classifies only what passes the threshold, unless all
candidates are wanted; sliders want all.
"""

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification.classify import classify
from napari_drpnet.picking.cuts import above_threshold, accept
from napari_drpnet.picking.detection import Detection, detect
from napari_drpnet.picking.loading import Networks, load_networks
from napari_drpnet.picking.parameters import PickParameters


def pick(
    micrograph: Micrograph,
    parameters: PickParameters,
    networks: Networks | None = None,
    job: Job | None = None,
    *,
    all_candidates: bool = False,
) -> Picks:
    """Pick the particles of one micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        From `read_micrograph`.
    parameters : PickParameters
        At least the particle diameter.
    networks : Networks, optional
        From `load_networks`; loaded here when missing.
    job : Job, optional
        Progress callback, called after each tile and batch; it may cancel.
    all_candidates : bool
        Also return, and classify, the candidates below the threshold.

    Returns
    -------
    Picks
        Best first. Rejected ones are in it too: see `Picks.accepted`.

    Raises
    ------
    InputFileError
        When the pixel size is unknown, or the particle does not fit into the micrograph.
    Cancelled
        When the job says so.
    """
    picks, _ = pick_in_detail(micrograph, parameters, networks, job, all_candidates=all_candidates)
    return picks


def pick_in_detail(
    micrograph: Micrograph,
    parameters: PickParameters,
    networks: Networks | None = None,
    job: Job | None = None,
    *,
    all_candidates: bool = False,
) -> tuple[Picks, Detection]:
    """Pick as `pick` does, and also return what the detector has found."""
    networks = networks or load_networks(parameters)
    resolved = networks.resolve(parameters)
    detection = detect(micrograph, resolved, networks, job)
    candidates = rank_candidates(detection, resolved)
    wanted = None if all_candidates else above_threshold(candidates, resolved)
    return accept(classify(candidates, detection, networks, job, wanted), resolved), detection
