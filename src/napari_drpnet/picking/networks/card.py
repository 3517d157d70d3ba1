"""Cards of weights, one class for each kind of network, and loaded networks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from napari_drpnet.base.segmentation import CLASSES

if TYPE_CHECKING:
    from torch import nn

Kind = Literal["detector", "segmenter", "classifier"]
NetworkInput = Literal["view", "grey"]
Classes = tuple[Literal["background"], Literal["particle"], Literal["ice"], Literal["carbon"]]

#: Beginning of the architectures of detectors that have learned from examples; the rest is that of
#: the detector whose map they use.
EXAMPLES = "examples-"


class Card(BaseModel):
    """Description of a weights file, so that it is always used as it was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Kind
    architecture: str = Field(
        "fcrn",
        description="Architecture of the detector; on the card of a classifier that of the "
        "detector whose candidates it classifies",
    )
    particle_px: float = Field(
        gt=0, le=1000, description="Particle diameter at the scale of the network, network pixels"
    )
    normalization: Literal["robust", "published"] = "robust"
    spectrum: tuple[float, ...] | None = Field(
        None,
        description="Background spectrum that the network expects: square root of the power in "
        "rings of 1/32 cycle per network pixel; none: that of the micrograph",
    )
    map_units: Literal["absolute", "published"] = "absolute"
    threshold: float = Field(
        0.0,
        ge=0,
        description="Recommended threshold, map units; that of the classifier is used if there is "
        "one",
    )
    licence: str
    trained_on: str
    recipe: dict[str, Any] = {}

    @property
    def preprocessing(self) -> tuple[float, str, tuple[float, ...] | None]:
        """Scale, normalisation and spectrum of the images that the network expects."""
        return self.particle_px, self.normalization, self.spectrum


class DetectorCard(Card):
    """Description of the weights of a detector."""

    kind: Literal["detector", "segmenter"] = "detector"
    sigma_px: float = Field(0.0, ge=0, le=1000, description="Recommended smoothing, network pixels")
    score: Literal["height", "prominence"] = "height"
    border: float = Field(0.5, ge=0, le=1000, description="Recommended border, particle diameters")


class SegmenterCard(DetectorCard):
    """Description of the weights of a segmenter, which also is a detector by its particle class.

    Its recommended values are those of `SegmenterParameters`.
    """

    kind: Literal["segmenter"] = "segmenter"
    architecture: str = Field("frrn-small", description="Architecture of the segmenter")
    classes: Classes = Field(CLASSES, description="Classes of pixels, in this order")
    inputs: tuple[NetworkInput, ...] = Field(
        ("view", "grey"),
        description="Channels of the input: the preprocessed image, and the grey values before "
        "its background was removed",
    )
    dirt_probability: float = Field(0.5, ge=0, le=1, description="Recommended least P(dirt)")
    least_speck: float = Field(
        0.1, ge=0, description="Recommended least area of dirt, particle areas"
    )
    clearance: float = Field(
        0.25, ge=0, description="Recommended least distance to dirt, particle diameters"
    )
    particle_probability: float = Field(
        0.5, ge=0, le=1, description="Recommended least P(particle) of a component"
    )
    least_area: float = Field(
        0.1, ge=0, description="Recommended least area of a component, particle areas"
    )
    greatest_area: float = Field(
        1000.0, ge=0, description="Recommended greatest area of a component, particle areas"
    )
    erosion: float = Field(
        0.0, ge=0, description="Recommended erosion of components, particle diameters"
    )


class ClassifierCard(Card):
    """Description of the weights of a classifier."""

    kind: Literal["classifier"] = "classifier"
    accept: float | None = Field(
        0.0,
        ge=0,
        le=1,
        description="Recommended least P(particle); none: automatic for each micrograph",
    )
    least_f1: float = Field(
        0.0,
        ge=0,
        le=1,
        description="With automatic accept: expected F1 below which nothing is accepted",
    )
    patch_px: int = Field(64, ge=1, le=1024, description="Side of a patch, network pixels")
    pool_stride: Literal[1, 2] = 2
    context: bool = Field(
        False, description="Whether the classifier also uses the other candidates of the micrograph"
    )

    def knows(self, detector: DetectorCard) -> bool:
        """Return whether the classifier was made for this kind of detector and map units."""
        same = self.architecture == detector.architecture and self.map_units == detector.map_units
        return same and detector.kind == "detector"


AnyCard = DetectorCard | SegmenterCard | ClassifierCard
#: Class of the cards of each kind; a segmenter may be used as a detector.
CARDS: dict[str, type[AnyCard]] = {
    "detector": DetectorCard,
    "segmenter": SegmenterCard,
    "classifier": ClassifierCard,
}
CardT = TypeVar("CardT", bound=Card, covariant=True)


@dataclass(frozen=True, eq=False)
class Network(Generic[CardT]):
    """Network with weights and their card.

    Parameters
    ----------
    module : torch.nn.Module
        Module in evaluation mode, on its device.
    card : DetectorCard, SegmenterCard or ClassifierCard
        Card of the weights.
    name : str
        Name or file of the weights, as given by the user.
    sha256 : str
        Hash of the weights file.
    """

    module: "nn.Module"
    card: CardT
    name: str
    sha256: str


DetectorNetwork = Network[DetectorCard]
SegmenterNetwork = Network[SegmenterCard]
ClassifierNetwork = Network[ClassifierCard]
AnyNetwork = DetectorNetwork | ClassifierNetwork
