"""Recipes of training runs. This is the only place of their defaults."""

from pathlib import Path
from typing import Literal

from pydantic import Field as Setting

from napari_drpnet.base.frozen import Parameters


class SimulatedData(Parameters):
    """Simulated fields for training and for validation, and real ones without particles."""

    structures: Path | None = Setting(
        None,
        title="Folder with structures (PDB, mmCIF, density maps); default: only simple shapes",
    )
    learn_from: str = Setting(
        "1bxn,1u6g,2cg9,3d2f,3ipm,4cr2,6rd4",
        title="Structures for training: parts of their file names, separated by commas",
    )
    validate_by: str = Setting(
        "5gjv,6utj", title="Structures for validation, in the same way; none of those for training"
    )
    fields: int = Setting(
        1600, ge=1, le=100_000, title="Number of simulated micrographs for training"
    )
    looks: int = Setting(3, ge=1, le=100, title="Number of augmented views of each micrograph")
    validation_fields: int = Setting(
        150, ge=1, le=100_000, title="Number of simulated micrographs for validation"
    )
    negatives: Path | None = Setting(
        None, title="Folder with real micrographs without particles; default: none"
    )
    negative_names: str = Setting(
        "",
        title="Which micrographs without particles: parts of their file names, separated by "
        "commas; default: all",
    )
    negative_share: float = Setting(
        0.06,
        gt=0,
        le=0.2,
        title="Share of micrographs without particles among all views for training",
    )


class DataRecipe(SimulatedData):
    """Fields for training and for validation."""

    labelled: Path | None = Setting(
        None,
        title="Folder with real micrographs and a CSV file of particles beside each; default: none",
    )
    labelled_names: str = Setting(
        "",
        title="Which labelled micrographs: parts of their file names, separated by commas; "
        "default: all",
    )
    labelled_diameter_px: float = Setting(
        100.0, gt=4, le=5000, title="Particle diameter on labelled micrographs, pixels"
    )
    labelled_share: float = Setting(
        0.03, gt=0, le=0.2, title="Share of labelled micrographs among all views for training"
    )


class ClassifierData(DataRecipe):
    """Fields as for a detector, but fewer, since each field has many candidates."""

    fields: int = Setting(
        500, ge=1, le=100_000, title="Number of simulated micrographs for training"
    )


class SegmenterData(DataRecipe):
    """Fields as for a detector, and real micrographs with label images or strokes."""

    fields: int = Setting(
        700,
        ge=0,
        le=100_000,
        title="Number of simulated micrographs for training; 0: only label images and strokes, "
        "which then also serve for validation",
    )
    looks: int = Setting(3, ge=1, le=100, title="Number of augmented views of each micrograph")
    labels: Path | None = Setting(
        None, title="Folder with label images, named like their micrographs; default: none"
    )
    micrographs: Path | None = Setting(
        None,
        title="Folder with the micrographs of the label images, or of the project if they were "
        "moved; default: none",
    )
    diameter_px: float = Setting(
        100.0, gt=4, le=5000, title="Particle diameter on micrographs with label images"
    )
    project: Path | None = Setting(
        None,
        title="Folder of a project, whose strokes on included micrographs are labels; default: "
        "none",
    )
    label_views: int = Setting(
        24,
        ge=1,
        le=10_000,
        title="Number of augmented views of each micrograph with a label image or strokes",
    )


class HardFields(Parameters):
    """Shares of fields that are harder than usual; the default spans the range of real ones."""

    faint: float = Setting(0.15, ge=0, le=0.3, title="Share of fields with low dose, near focus")
    empty: float = Setting(
        0.15, ge=0, le=0.3, title="Share of fields with ice, carbon and junk but no particles"
    )
    dirty: float = Setting(
        0.15, ge=0, le=0.3, title="Share of fields with ice, carbon and junk among the particles"
    )
    noisy: float = Setting(
        0.6,
        ge=0,
        le=1,
        title="Share of fields with added noise, white or coloured, down to a d' of 1.6",
    )
    uneven: float = Setting(0.5, ge=0, le=1, title="Share of fields on an uneven film")
    stained: float = Setting(
        0.5, ge=0, le=1, title="Share of the stained fields that have puddles and bright plateaus"
    )
    debris: float = Setting(
        0.35, ge=0, le=1, title="Share of fields with pieces of debris as large as particles"
    )
    cubic: float = Setting(
        0.06, ge=0, le=1, title="Share of fields with many ice crystals of equal size"
    )
    blank: float = Setting(
        0.08, ge=0, le=1, title="Share of views with a blank part, such as an edge or a border"
    )


#: All kinds of hard fields: the mixture for the validation of every network.
STANDARD = HardFields()
#: No hard fields.
NONE_HARD = HardFields.model_validate(dict.fromkeys(HardFields.model_fields, 0.0))


#: The mixture for a classifier. From fields of equal crystals its context network would learn that
#: a dense micrograph has no particles, and would reject the particles of crowded micrographs.
WITHOUT_CUBIC = STANDARD.model_copy(update={"cubic": 0.0})


class DetectorRecipe(Parameters):
    """Recipe of training a detector; stored on its card."""

    data: DataRecipe = DataRecipe()
    hard: HardFields = STANDARD
    architecture: Literal["fcrn", "multiscale"] = Setting(
        "multiscale", title="Network: that of the paper, or one with four scales"
    )
    weights: str | None = Setting(
        None, title="Detector weights to start from: a name or a file; default: random weights"
    )
    particle_px: float = Setting(
        11.0, gt=4, le=100, title="Particle diameter at the scale of the network, network pixels"
    )
    raw_spectrum: bool = Setting(
        False, title="Do not change the spectrum of the background, also when picking"
    )
    steps: int = Setting(4500, ge=1, title="Number of batches")
    batch: int = Setting(16, ge=2, le=10_000, title="Number of patches per batch")
    patch_diameters: float = Setting(6.4, gt=1, le=50, title="Side of a patch, particle diameters")
    learning_rate: float = Setting(
        8e-4, gt=0, le=1, title="Learning rate at the start: AdamW, cosine schedule"
    )
    positive_weight: float = Setting(
        3.0, gt=0, le=1000, title="Weight of pixels on particles in the loss"
    )
    validate_every: int = Setting(1500, ge=1, title="Number of batches between two validations")
    seed: int = Setting(1, ge=0, le=99, title="Seed of fields, patches and initial weights")


class ClassifierRecipe(Parameters):
    """Recipe of training a classifier; stored on its card."""

    data: ClassifierData = ClassifierData()
    hard: HardFields = WITHOUT_CUBIC
    detector: str = Setting(
        "default", title="Detector weights whose candidates it learns to classify: a name or a file"
    )
    weights: str | None = Setting(
        None, title="Classifier weights to start from: a name or a file; default: random weights"
    )
    patch_px: int = Setting(40, ge=32, le=256, title="Side of a patch, network pixels")
    least_height: float = Setting(
        0.08, ge=0, title="Least height of a candidate that it learns from, map units"
    )
    epochs: int = Setting(2, ge=1, le=10_000, title="Number of times that each patch is seen")
    batch: int = Setting(128, ge=2, le=100_000, title="Number of patches per batch")
    learning_rate: float = Setting(
        1e-3, gt=0, le=1, title="Learning rate at the start: AdamW, cosine schedule"
    )
    context_epochs: int = Setting(
        15,
        ge=0,
        le=10_000,
        title="Number of times that the context of each candidate is seen; 0: it is not learned",
    )
    patch_weight: float = Setting(
        0.5,
        gt=0,
        le=1,
        title="Factor of the log-odds of patches when contexts are learned, less than 1 because "
        "real micrographs differ more from simulated ones than these from each other",
    )
    validate_every: int = Setting(1000, ge=1, title="Number of batches between two validations")
    seed: int = Setting(
        2,
        ge=0,
        le=99,
        title="Seed of fields, order of patches and initial weights; not that of the detector, "
        "which finds particles more easily on the fields that it was trained on",
    )


#: Hard fields without dirt, for a segmenter: `DirtMixture` adds the dirt.
CLEAN = STANDARD.model_copy(
    update={
        "faint": 0.1,
        "noisy": 0.5,
        **dict.fromkeys(("empty", "dirty", "debris", "cubic"), 0.0),
    }
)


#: The same without added noise, for validation: what cannot be seen tells nothing about values.
VISIBLE = CLEAN.model_copy(update={"noisy": 0.0})


class DirtMixture(Parameters):
    """Shares of fields with dirt, for a segmenter."""

    dirt: float = Setting(
        0.75, ge=0, le=1, title="Share of fields with dirt of random kinds; the others are clean"
    )
    covered: float = Setting(
        0.03, ge=0, le=0.3, title="Share of fields of nothing but carbon or crystalline ice"
    )
    on_dirt: float = Setting(
        0.4, ge=0, le=1, title="Share of the fields with dirt that have particles on it"
    )


class SegmenterRecipe(Parameters):
    """Recipe of training a segmenter; stored on its card."""

    data: SegmenterData = SegmenterData()
    mixture: DirtMixture = DirtMixture()
    detector: str = Setting(
        "default",
        title="Detector weights whose scale and spectrum it shares, and whose picks its "
        "recommended values are chosen by: a name or a file",
    )
    architecture: Literal["frrn-small", "multiscale", "frrn-a", "frrn-b"] = Setting(
        "frrn-small",
        title="Network: a small full-resolution residual network, one with four scales, or those "
        "of the paper",
    )
    weights: str | None = Setting(
        None, title="Segmenter weights to start from: a name or a file; default: random weights"
    )
    steps: int = Setting(6000, ge=1, title="Number of batches")
    batch: int = Setting(4, ge=2, le=10_000, title="Number of patches per batch")
    patch_diameters: float = Setting(
        16.0,
        gt=1,
        le=50,
        title="Side of a patch, particle diameters; large, so that edges of films are in sight",
    )
    learning_rate: float = Setting(
        2e-3, gt=0, le=1, title="Learning rate at the start: AdamW, cosine schedule"
    )
    dirt_share: float = Setting(0.4, ge=0, le=1, title="Share of the patches centred on dirt")
    validate_every: int = Setting(500, ge=1, title="Number of batches between two validations")
    seed: int = Setting(3, ge=0, le=99, title="Seed of fields, patches and initial weights")


AnyRecipe = DetectorRecipe | ClassifierRecipe | SegmenterRecipe
