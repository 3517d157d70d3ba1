"""Every parameter of every stage: unit, bounds, title, default. A default lives only here.

Command-line flags, forms, saved projects and the tables in the documentation are made from
these models. ``None`` means "as the chosen weights recommend", except where a title says else.
"""

from typing import Literal

from pydantic import Field

from napari_drpnet.base.frozen import Parameters


class ParticleParameters(Parameters):
    """What the user knows about the particle and the micrograph."""

    diameter_angstrom: float = Field(
        gt=0, title="Particle diameter in Å (the longest side, without box margin)"
    )
    pixel_size_angstrom: float | None = Field(
        None, gt=0, title="Pixel size in Å of the micrograph file; default: from its header"
    )
    polarity: Literal["auto", "dark", "bright"] = Field(
        "auto", title="Particles are dark (cryo) or bright (negative stain) on their background"
    )


class DetectorParameters(Parameters):
    """Which network makes the distance map, and where it runs."""

    weights: str = Field("default", title="Detector weights: a name or a .safetensors file")
    device: str = Field("auto", title="auto, cpu, cuda, cuda:N or mps")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", title="Arithmetic of the detector; bfloat16 is faster where supported"
    )
    normalization: Literal["robust", "published"] | None = Field(
        None, title="Contrast: robust, or as the published MATLAB code"
    )
    map_units: Literal["absolute", "published"] | None = Field(
        None, title="Units of map and threshold: absolute, or published (map / its maximum × 255)"
    )


class PeakParameters(Parameters):
    """How the distance map becomes picks."""

    sigma_px: float | None = Field(
        None, ge=0, le=50, title="Smoothing of the distance map: Gaussian sigma in network pixels"
    )
    threshold: float | None = Field(
        None, ge=0, title="Least score of a pick, in the units of the detector"
    )
    level: int = Field(1, ge=1, le=3, title="Multiplies the threshold: DRPnet's level k")
    score: Literal["height", "prominence"] | None = Field(
        None, title="Which score the threshold cuts: height of the maximum or its prominence"
    )
    min_distance: float = Field(
        0.5, ge=0, le=5, title="Least distance between two picks, in particle diameters"
    )
    border: float | None = Field(
        None, ge=0, le=5, title="Least distance to the micrograph's edge, in particle diameters"
    )
    max_count: int | None = Field(
        None, ge=1, title="Keep at most this many best picks; default: no limit"
    )


class ClassifierParameters(Parameters):
    """Which network judges the picks, and how strictly."""

    classifier: str = Field(
        "default", title="Classifier weights: a name, a .safetensors file, or none"
    )
    accept: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Accept a pick when P(particle) is at least this; default: the cut of best expected "
        "F1 on each micrograph",
    )
    least_f1: float | None = Field(
        None,
        ge=0,
        le=1,
        title="With automatic accept: pick nothing where the expected F1 is below this",
    )


class PickParameters(Parameters):
    """Everything that `napari_drpnet.pick` needs to know besides the micrograph."""

    particle: ParticleParameters
    detector: DetectorParameters = DetectorParameters()
    peaks: PeakParameters = PeakParameters()
    classifier: ClassifierParameters = ClassifierParameters()
