"""The stages of `picking.pick` for one micrograph of a project, each kept while it is of use."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from napari_drpnet.base.jobs import Job
from napari_drpnet.base.picks import Picks
from napari_drpnet.images.micrograph import Micrograph, read_micrograph
from napari_drpnet.picking.advice import Advice, advise
from napari_drpnet.picking.detection import Detection, Networks, detect, load_networks
from napari_drpnet.picking.parameters import PickParameters
from napari_drpnet.picking.pick import accept, rank_candidates
from napari_drpnet.project.stages.derivation import ChosenWeights, candidates_key, detection_key
from napari_drpnet.project.stages.judging import Verdicts
from napari_drpnet.project.state.edits import MicrographRecord
from napari_drpnet.project.storage.store import StoredCandidates


@dataclass(frozen=True, eq=False)
class Analysis:
    """What the networks made of a micrograph.

    Parameters
    ----------
    key : str
        Hash of what the distance map depends on.
    detection : Detection
        With the distance map.
    verdicts : Verdicts
        P(particle) of all places judged so far.
    shape : tuple of int
        Of the micrograph, ``(ny, nx)`` unbinned pixels.
    pixel_size_angstrom : float
        Of the micrograph.
    """

    key: str
    detection: Detection
    verdicts: Verdicts
    shape: tuple[int, int]
    pixel_size_angstrom: float

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        detection = self.detection
        images = (detection.view.image, detection.distance_map, detection.classifier_view.image)
        return self.verdicts.nbytes + sum({id(image): image.nbytes for image in images}.values())


class Picker:
    """Runs the stages; any thread may call it.

    Parameters
    ----------
    cache_bytes : int
        How much memory distance maps may hold; the least recently used ones are dropped. The
        last one always stays.
    """

    def __init__(self, cache_bytes: int) -> None:
        self._cache_bytes = cache_bytes
        self._analyses: OrderedDict[str, Analysis] = OrderedDict()
        self._networks: tuple[tuple[str | None, ...], Networks] | None = None
        self._lock = Lock()
        self._loading = Lock()

    def find(self, key: str) -> Analysis | None:
        """Return what is kept under a key of `detection_key`."""
        with self._lock:
            if key in self._analyses:
                self._analyses.move_to_end(key)
            return self._analyses.get(key)

    def networks(self, parameters: PickParameters, weights: ChosenWeights) -> Networks:
        """Load the networks, unless they are those of the last call.

        Raises
        ------
        InputFileError
            When weights are damaged.
        ValueError
            When the device is not there.
        """
        wanted = (parameters.detector.device, weights.detector_sha256, weights.classifier_sha256)
        with self._loading:
            if self._networks is None or self._networks[0] != wanted:
                self._networks = None
                self._networks = wanted, load_networks(parameters)
            return self._networks[1]

    def analyse(
        self,
        record: MicrographRecord,
        parameters: PickParameters,
        weights: ChosenWeights,
        job: Job | None = None,
    ) -> Analysis:
        """Read a micrograph and draw its distance map, or return what is kept of it.

        Raises
        ------
        InputFileError
            When the micrograph cannot be used.
        Cancelled
            When the job says so.
        """
        key = detection_key(record, parameters, weights)
        if kept := self.find(key):
            return kept
        networks = self.networks(parameters, weights)
        micrograph = read_record(record, parameters)
        detection = detect(micrograph, parameters, networks, job)
        assert micrograph.pixel_size_angstrom is not None
        analysis = Analysis(
            key,
            detection,
            Verdicts(detection, networks),
            micrograph.shape,
            micrograph.pixel_size_angstrom,
        )
        self._keep(analysis)
        return analysis

    def pick(
        self,
        record: MicrographRecord,
        parameters: PickParameters,
        weights: ChosenWeights,
        job: Job | None = None,
    ) -> tuple[Analysis, StoredCandidates]:
        """Find and judge all candidates of a micrograph; see `analyse`."""
        key = candidates_key(record, parameters, weights)  # first: the file may change meanwhile
        analysis = self.analyse(record, parameters, weights, job)
        detection = analysis.detection
        picks = analysis.verdicts.judge(rank_candidates(detection, parameters), job)
        return analysis, StoredCandidates(
            key=key,
            picks=picks,
            shape=analysis.shape,
            pixel_size_angstrom=analysis.pixel_size_angstrom,
            diameter_px=detection.diameter_px,
            polarity=detection.view.polarity,
            polarity_confidence=detection.polarity_confidence,
            detection_key=analysis.key,
            advice=_advise(picks, analysis, parameters),
        )

    def _keep(self, analysis: Analysis) -> None:
        with self._lock:
            self._analyses[analysis.key] = analysis
            while len(self._analyses) > 1 and self._held() > self._cache_bytes:
                self._analyses.popitem(last=False)

    def _held(self) -> int:
        return sum(analysis.nbytes for analysis in self._analyses.values())


def _advise(picks: Picks, analysis: Analysis, parameters: PickParameters) -> tuple[Advice, ...]:
    """Say what is odd, but for what the cuts decide: see `decision.Decision.advice`."""
    accepted, size = accept(picks, parameters), analysis.pixel_size_angstrom
    advice = advise(accepted, analysis.detection, parameters, size)
    return tuple(one for one in advice if one.topic != "picks")


def read_record(record: MicrographRecord, parameters: PickParameters | None) -> Micrograph:
    """Read a micrograph with the pixel size that counts: the user's, the list's, its own.

    Raises
    ------
    InputFileError
        When the file cannot be used.
    """
    given = parameters.particle.pixel_size_angstrom if parameters else None
    return read_micrograph(record.path).with_pixel_size(given, record.pixel_size_angstrom)
