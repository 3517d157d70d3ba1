"""Stages of picking for the micrographs of a project, with their results cached."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.images.micrograph import read_micrograph
from napari_drpnet.picking.advice import Advice, advise
from napari_drpnet.picking.candidates import rank_candidates
from napari_drpnet.picking.classification.classify import PatchCache, classify
from napari_drpnet.picking.cuts import accept
from napari_drpnet.picking.detection import Detection, detect
from napari_drpnet.picking.dirt import find_dirt
from napari_drpnet.picking.loading import NetworkCache, Networks
from napari_drpnet.picking.resolve import ResolvedParameters
from napari_drpnet.project.stages.plan import Plan
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.storage.store import StoredCandidates


@dataclass(frozen=True, eq=False)
class Analysis:
    """Result of the networks on one micrograph.

    Parameters
    ----------
    key : str
        Hash of everything that the evidence depends on.
    detection : Detection
        Detection with the evidence of the detector.
    shape : tuple of int
        Shape of the micrograph, ``(ny, nx)`` unbinned pixels.
    pixel_size_angstrom : float
        Pixel size of the micrograph in Å.
    """

    key: str
    detection: Detection
    shape: tuple[int, int]
    pixel_size_angstrom: float
    _patches: dict[str, PatchCache] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Size of the arrays in memory, in bytes."""
        patches = sum(patches.nbytes for patches in list(self._patches.values()))
        return self.detection.nbytes + patches

    def patches(self, networks: Networks) -> PatchCache | None:
        """Return the cache of classified patches; None without a classifier.

        Patches of another classifier are dropped.
        """
        if networks.classifier is None:
            return None
        sha256 = networks.classifier.sha256
        kept = self._patches.get(sha256)
        if kept is None:
            kept = PatchCache(self.detection)
            self._patches.clear()
            self._patches[sha256] = kept
        return kept


class StageCache:
    """Runs the stages of picking and caches their results; any thread may call it.

    Parameters
    ----------
    cache_bytes : int
        Memory for results of the detector, in bytes. The least recently used results are dropped,
        but the latest one is always kept.
    """

    def __init__(self, cache_bytes: int = 2**30) -> None:
        self._cache_bytes = cache_bytes
        self._analyses: OrderedDict[str, Analysis] = OrderedDict()
        self._lock = Lock()
        self._networks, self._segmenters = NetworkCache(), NetworkCache()

    def find(self, key: str) -> Analysis | None:
        """Return the cached result for a key of `Plan.detection_key`; None if there is none."""
        with self._lock:
            if key in self._analyses:
                self._analyses.move_to_end(key)
            return self._analyses.get(key)

    def networks(self, plan: Plan) -> Networks:
        """Return the networks of a plan, which are loaded unless they are those of the last call.

        Those that only segment are kept apart, so that picking need not load its own again.

        Raises
        ------
        InputFileError
            If weights are damaged, or have changed since the plan was made.
        ValueError
            If the device is not available.
        """
        kept = self._segmenters if plan.only_segments else self._networks
        return kept.load(plan.parameters, plan.weights.sha256)

    def analyse(self, record: MicrographRecord, plan: Plan, job: Job | None = None) -> Analysis:
        """Read a micrograph and run the detector on it, or return the cached result.

        Raises
        ------
        InputFileError
            If the micrograph or the weights cannot be used.
        Cancelled
            If the work was cancelled.
        """
        key = plan.detection_key(record)
        if kept := self.find(key):
            return kept
        given = plan.parameters.particle.pixel_size_angstrom
        micrograph = read_micrograph(record.path, given, record.pixel_size_angstrom)
        detection = detect(micrograph, plan.parameters, self.networks(plan), job)
        assert micrograph.pixel_size_angstrom is not None
        analysis = Analysis(key, detection, micrograph.shape, micrograph.pixel_size_angstrom)
        self._keep(analysis)
        return analysis

    def pick(
        self, record: MicrographRecord, plan: Plan, job: Job | None = None
    ) -> tuple[Analysis, StoredCandidates]:
        """Find and classify all candidates of a micrograph; raises the errors of `analyse`."""
        key = plan.candidates_key(record)  # before reading, since the file may change meanwhile
        networks = self.networks(plan)
        analysis = self.analyse(record, plan, job)
        detection = analysis.detection
        candidates = rank_candidates(detection, plan.parameters)
        picks = classify(candidates, detection, networks, job, known=analysis.patches(networks))
        dirt = find_dirt(detection, plan.parameters)
        return analysis, StoredCandidates(
            key=key,
            picks=picks,
            shape=analysis.shape,
            pixel_size_angstrom=analysis.pixel_size_angstrom,
            diameter_px=detection.diameter_px,
            polarity=detection.view.polarity,
            polarity_confidence=detection.polarity_confidence,
            detection_key=analysis.key,
            advice=_advise(picks, analysis, plan.parameters),
            dirty_area=None if dirt is None else dirt.area,
        )

    def _keep(self, analysis: Analysis) -> None:
        with self._lock:
            self._analyses[analysis.key] = analysis
            while len(self._analyses) > 1 and self._held() > self._cache_bytes:
                self._analyses.popitem(last=False)

    def _held(self) -> int:
        return sum(analysis.nbytes for analysis in self._analyses.values())


def _advise(picks: Picks, analysis: Analysis, parameters: ResolvedParameters) -> tuple[Advice, ...]:
    """Return the advice that is independent of the cuts; see `decision.Decision.advice`."""
    accepted, size = accept(picks, parameters), analysis.pixel_size_angstrom
    advice = advise(accepted, analysis.detection, parameters, size)
    return tuple(one for one in advice if one.topic != "picks")
