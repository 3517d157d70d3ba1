"""Parameters of all stages, with units, bounds, titles and defaults.

Command-line options, forms, saved projects and the tables in the documentation are made from
these models, which are the only place of the defaults. ``None`` means "as the chosen weights
recommend", unless the title of the parameter says otherwise.
"""

from typing import Literal

from pydantic import Field

from napari_drpnet.base.frozen import Parameters


class ParticleParameters(Parameters):
    """Parameters of the particle and the micrograph."""

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
    """Parameters of the detector: network, device and preprocessing."""

    weights: str = Field("default", title="Detector weights: a name or a .safetensors file")
    device: str = Field("auto", title="Device of the networks: auto, cpu, cuda, cuda:N or mps")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", title="Arithmetic of the detector; bfloat16 is faster where supported"
    )
    normalization: Literal["robust", "published"] | None = Field(
        None, title="Contrast normalisation: robust, or as in the published MATLAB code"
    )
    map_units: Literal["absolute", "published"] | None = Field(
        None, title="Units of map and threshold: absolute, or published (map / its maximum × 255)"
    )


class PeakParameters(Parameters):
    """Parameters that turn the distance map into picks."""

    sigma_px: float | None = Field(
        None, ge=0, le=50, title="Smoothing of the distance map: Gaussian sigma in network pixels"
    )
    threshold: float | None = Field(
        None, ge=0, title="Least score of a pick, in the units of the detector"
    )
    level: int = Field(1, ge=1, le=3, title="Factor of the threshold: DRPnet's level k")
    score: Literal["height", "prominence"] | None = Field(
        None,
        title="Score that the threshold is compared with: height of the maximum or its prominence",
    )
    min_distance: float = Field(
        0.5, ge=0, le=5, title="Least distance between two picks, in particle diameters"
    )
    border: float | None = Field(
        None, ge=0, le=5, title="Least distance to the micrograph's edge, in particle diameters"
    )
    border_box_px: int | None = Field(
        None,
        ge=2,
        le=1_000_000,
        title="Side in pixels of the extraction box, which must lie within the micrograph; "
        "default: no limit",
    )
    max_count: int | None = Field(
        None, ge=1, title="Maximum number of picks, of which the best are kept; default: no limit"
    )


class ClassifierParameters(Parameters):
    """Parameters of the classifier and of the acceptance of picks."""

    classifier: str = Field(
        "default", title="Classifier weights: a name, a .safetensors file, or none"
    )
    accept: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Least P(particle) of an accepted pick; default: the cut of best expected F1 on "
        "each micrograph",
    )
    least_f1: float | None = Field(
        None,
        ge=0,
        le=1,
        title="With automatic accept: expected F1 below which nothing is picked on a micrograph",
    )


class SegmenterParameters(Parameters):
    """Parameters of the segmenter: dirt, and the components of its own picks."""

    segmenter: str = Field(
        "none", title="Segmenter weights that find dirt: a name, a .safetensors file, or none"
    )
    dirt_probability: float | None = Field(
        None, ge=0, le=1, title="Least P(dirt) of a dirty pixel: P(ice) + P(carbon)"
    )
    least_speck: float | None = Field(
        None, ge=0, le=1000, title="Least area of dirt, in particle areas; smaller specks are kept"
    )
    clearance: float | None = Field(
        None,
        ge=0,
        le=10,
        title="Distance to dirt up to which picks are rejected, in particle diameters",
    )
    particle_probability: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Picking by a segmenter: least P(particle) of a pixel of a component",
    )
    least_area: float | None = Field(
        None, ge=0, le=1000, title="Picking by a segmenter: least area, in particle areas"
    )
    greatest_area: float | None = Field(
        None, ge=0, le=1e6, title="Picking by a segmenter: greatest area, in particle areas"
    )
    erosion: float | None = Field(
        None,
        ge=0,
        le=1,
        title="Picking by a segmenter: erosion that splits components, in particle diameters",
    )


class PickParameters(Parameters):
    """All parameters of `napari_drpnet.pick`, in groups.

    Each group is a model, or a dict of its fields as in ``particle={"diameter_angstrom": 180}``.
    The fields have the names, bounds and defaults of the options of ``drpnet pick``.

    Attributes
    ----------
    particle : ParticleParameters
        ``diameter_angstrom``, which is required, ``pixel_size_angstrom`` and ``polarity``.
    detector : DetectorParameters
        Network, device, precision and preprocessing.
    peaks : PeakParameters
        How the distance map becomes picks: ``threshold``, ``sigma_px``, ``min_distance``, …
    classifier : ClassifierParameters
        Network, and which picks are accepted: ``accept``, ``least_f1``.
    segmenter : SegmenterParameters
        Network that finds dirt, and what counts as dirt.

    Raises
    ------
    pydantic.ValidationError
        If a field is unknown, missing or out of bounds. It is a `ValueError`.
    """

    particle: ParticleParameters
    detector: DetectorParameters = DetectorParameters()
    peaks: PeakParameters = PeakParameters()
    classifier: ClassifierParameters = ClassifierParameters()
    segmenter: SegmenterParameters = SegmenterParameters()
