"""Composition of the stages of picking, from a micrograph to picks.

The command line, the plugin and notebooks call `pick`, or its stages in the same order:
`detection.detect` (slow, once per micrograph), `candidates.rank_candidates` (after a change of
sigma or P(dirt)), `classification.classify.classify` (once per candidate) and `cuts.accept`
(comparisons, after a change of a threshold or of the clearance). To save time `pick` classifies
only the candidates above the threshold, unless all are asked for, as the sliders of the plugin
need.
"""

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.images.micrograph import Micrograph
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification.classify import classify
from napari_drpnet.picking.cuts import above_threshold, accept
from napari_drpnet.picking.detection import Detection, Mask, detect
from napari_drpnet.picking.loading import Networks, load_networks
from napari_drpnet.picking.parameters import PickParameters


def pick(
    micrograph: Micrograph,
    parameters: PickParameters,
    networks: Networks | None = None,
    job: Job | None = None,
    *,
    all_candidates: bool = False,
    mask: Mask | None = None,
) -> Picks:
    """Pick the particles of one micrograph.

    Parameters
    ----------
    micrograph : Micrograph
        Micrograph from `read_micrograph`.
    parameters : PickParameters
        Parameters of all stages; only the particle diameter is required.
    networks : Networks, optional
        Networks from `load_networks`. Default: those that `parameters` name, loaded here.
    job : Job, optional
        Progress callback, called after each tile and batch; it may cancel the work.
    all_candidates : bool
        Whether candidates below the threshold are classified and returned too.
    mask : (my, mx) bool array, optional
        Mask of dirt that another program or a person made, binned by any factor. Picks on it are
        rejected, like those on dirt that the segmenter finds.

    Returns
    -------
    Picks
        Picks, best first, accepted and rejected ones: see `Picks.accepted`.

    Raises
    ------
    InputFileError
        If weights cannot be used, the pixel size is unknown, or the particle does not fit into
        the micrograph.
    Cancelled
        If the work was cancelled.
    """
    picks, _ = pick_in_detail(
        micrograph, parameters, networks, job, all_candidates=all_candidates, mask=mask
    )
    return picks


def pick_in_detail(
    micrograph: Micrograph,
    parameters: PickParameters,
    networks: Networks | None = None,
    job: Job | None = None,
    *,
    all_candidates: bool = False,
    mask: Mask | None = None,
) -> tuple[Picks, Detection]:
    """Pick as `pick` does, and also return the detection."""
    networks = networks or load_networks(parameters)
    resolved = networks.resolve(parameters)
    detection = detect(micrograph, resolved, networks, job, mask)
    candidates = rank_candidates(detection, resolved)
    wanted = None if all_candidates else above_threshold(candidates, resolved)
    return accept(classify(candidates, detection, networks, job, wanted), resolved), detection
