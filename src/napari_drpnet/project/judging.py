"""The classifier's verdicts on one micrograph, each asked for only once."""

from dataclasses import replace

import numpy as np

from napari_drpnet.classify import nearest_pixels
from napari_drpnet.detection import Detection, Networks
from napari_drpnet.jobs import Job
from napari_drpnet.picking import judge
from napari_drpnet.picks import Picks


class Verdicts:
    """P(particle) of the places judged so far.

    A patch depends on the network pixel of its centre alone. So when sigma moves a candidate by
    less than that, or back, its P(particle) is known already.

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

    def recall(self, picks: Picks) -> Picks:
        """Fill in what is known already, and NaN elsewhere."""
        return replace(picks, probability=self._known[self._pixels(picks)].astype(float))

    def judge(self, picks: Picks, job: Job | None = None) -> Picks:
        """Fill in P(particle) everywhere; only new places cost time.

        Raises
        ------
        Cancelled
            When the job says so.
        """
        new = picks.where(np.isnan(self.recall(picks).probability))
        if len(new):
            judged = judge(new, self._detection, self._networks, job)
            self._known[self._pixels(judged)] = judged.probability
        return self.recall(picks)

    def _pixels(self, picks: Picks) -> tuple[np.ndarray, np.ndarray]:
        view = self._detection.classifier_view
        return nearest_pixels(view.image.shape, view.frame.to_network(picks.centers_yx))
