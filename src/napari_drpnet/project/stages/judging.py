"""The classifier's verdicts on one micrograph, each asked for only once."""

import numpy as np

from napari_drpnet.base.geometry import nearest_pixels
from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.picking.detection import Detection, Networks
from napari_drpnet.picking.pick import conclude, weigh, weigh_surroundings


class Verdicts:
    """What the classifier makes of the patches seen so far.

    A patch depends on the network pixel of its centre alone. So when sigma moves a candidate by
    less than that, or back, its log-odds are known already.

    Parameters
    ----------
    detection : Detection
        Of the micrograph.
    networks : Networks
        With a classifier, or without: then nothing is ever known.
    """

    def __init__(self, detection: Detection, networks: Networks) -> None:
        self._detection = detection
        self._networks = networks
        self._known = np.full(detection.classifier_view.image.shape, np.nan, np.float32)

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        return self._known.nbytes

    def judge(self, candidates: Picks, job: Job | None = None) -> Picks:
        """Fill in P(particle) as `picking.judge` does; only new places cost time.

        Raises
        ------
        Cancelled
            When the job says so.
        """
        classifier = self._networks.classifier
        if classifier is None:
            return candidates
        places = self._pixels(candidates)
        new = np.isnan(self._known[places])
        if new.any():
            odds = weigh(candidates.where(new), self._detection, classifier, job)
            self._known[places[0][new], places[1][new]] = odds
        context = weigh_surroundings(candidates, self._detection, self._networks)
        return conclude(candidates, self._known[places], context)

    def _pixels(self, picks: Picks) -> tuple[np.ndarray, np.ndarray]:
        view = self._detection.classifier_view
        return nearest_pixels(view.image.shape, view.frame.to_network(picks.centers_yx))
