"""What weights say of themselves: one kind of card for each kind of network."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import nn

Kind = Literal["detector", "classifier"]


class Card(BaseModel):
    """What every weights file says of itself, so that it is always used as it was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    architecture: str = Field(
        "fcrn",
        description="Name of the detector's network; a classifier's card names the detector whose "
        "candidates it classifies",
    )
    particle_px: float = Field(gt=0, description="Particle diameter it sees, network pixels")
    normalization: Literal["robust", "published"] = "robust"
    spectrum: tuple[float, ...] | None = Field(
        None,
        description="Spectrum of the background that it knows: root of the power in rings of 1/32 "
        "cycle per network pixel; none: as the micrograph has it",
    )
    map_units: Literal["absolute", "published"] = "absolute"
    threshold: float = Field(
        0.0,
        ge=0,
        description="Recommended threshold, map units; that of a classifier counts where there is "
        "one",
    )
    licence: str
    trained_on: str
    recipe: dict[str, Any] = {}


class DetectorCard(Card):
    """What the weights of a detector say of themselves."""

    kind: Literal["detector"] = "detector"
    sigma_px: float = Field(0.0, ge=0, description="Recommended smoothing, network pixels")
    score: Literal["height", "prominence"] = "height"
    border: float = Field(0.5, ge=0, description="Recommended border, particle diameters")


class ClassifierCard(Card):
    """What the weights of a classifier say of themselves."""

    kind: Literal["classifier"] = "classifier"
    accept: float | None = Field(
        0.0,
        ge=0,
        le=1,
        description="Recommended least P(particle); none: automatic, for each micrograph anew",
    )
    least_f1: float = Field(
        0.0,
        ge=0,
        le=1,
        description="With automatic accept: expected F1 below which nothing is accepted",
    )
    patch_px: int = Field(64, ge=1, description="Side of the classifier's patch, network pixels")
    pool_stride: Literal[1, 2] = 2
    context: bool = Field(
        False, description="Whether it also uses the other candidates of the micrograph"
    )

    def knows(self, detector: DetectorCard) -> bool:
        """Whether this classifier was made for detectors whose maps have the same heights."""
        return self.architecture == detector.architecture and self.map_units == detector.map_units


AnyCard = DetectorCard | ClassifierCard
CardT = TypeVar("CardT", DetectorCard, ClassifierCard)


@dataclass(frozen=True, eq=False)
class Network(Generic[CardT]):
    """A network ready to run, with the card of its weights.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode, on its device.
    card : DetectorCard or ClassifierCard
        How to use it.
    name : str
        Name or file that the user gave.
    sha256 : str
        Hash of the weights file.
    """

    module: "nn.Module"
    card: CardT
    name: str
    sha256: str


DetectorNetwork = Network[DetectorCard]
ClassifierNetwork = Network[ClassifierCard]
AnyNetwork = DetectorNetwork | ClassifierNetwork
