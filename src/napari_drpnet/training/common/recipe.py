"""What a training run is made from: one recipe, one run. A default lives only here."""

from pathlib import Path
from typing import Literal

from pydantic import Field as Setting

from napari_drpnet.base.frozen import Parameters


class DataRecipe(Parameters):
    """The fields that a network learns from, and those that judge it."""

    structures: Path | None = Setting(
        None,
        title="Folder with the structures (PDB, mmCIF, density maps); default: simple shapes alone",
    )
    learn_from: str = Setting(
        "1bxn,1u6g,2cg9,3d2f,3ipm,4cr2,6rd4",
        title="Structures to learn from: what their file names contain, with commas between",
    )
    validate_by: str = Setting(
        "5gjv,6utj", title="Structures that judge the network, in the same way; none of the others"
    )
    fields: int = Setting(1600, ge=1, le=100_000, title="Simulated micrographs to learn from")
    looks: int = Setting(3, ge=1, le=100, title="Augmented views of each")
    validation_fields: int = Setting(
        150, ge=1, le=100_000, title="Simulated micrographs that judge"
    )
    negatives: Path | None = Setting(
        None, title="Folder with real micrographs that show no particles; default: none"
    )
    negative_names: str = Setting(
        "", title="Which of these: what their file names contain, with commas between; default: all"
    )
    negative_share: float = Setting(
        0.06, gt=0, le=0.2, title="Share of views of these among all that are learned from"
    )
    labelled: Path | None = Setting(
        None,
        title="Folder with real micrographs, each with a file of its particles; default: none",
    )
    labelled_names: str = Setting(
        "", title="Which of these: what their file names contain, with commas between; default: all"
    )
    labelled_diameter_px: float = Setting(
        100.0, gt=4, le=5000, title="Particle diameter on these, pixels"
    )
    labelled_share: float = Setting(
        0.03, gt=0, le=0.2, title="Share of views of these among all that are learned from"
    )


class ClassifierData(DataRecipe):
    """As for a detector, but fewer: each field has many candidates."""

    fields: int = Setting(500, ge=1, le=100_000, title="Simulated micrographs to learn from")


class HardFields(Parameters):
    """Which shares of the fields are harder than the usual mixture; the default spans the range."""

    faint: float = Setting(
        0.15, ge=0, le=0.3, title="Share of fields of low dose, taken near focus"
    )
    empty: float = Setting(
        0.15, ge=0, le=0.3, title="Share of fields with ice, carbon and junk but no particles"
    )
    dirty: float = Setting(
        0.15, ge=0, le=0.3, title="Share of fields with ice, carbon and junk among the particles"
    )
    noisy: float = Setting(
        0.6, ge=0, le=1, title="Share of fields with noise of any colour, down to d' of 1.6"
    )
    uneven: float = Setting(0.5, ge=0, le=1, title="Share of fields on an uneven film")
    stained: float = Setting(
        0.5, ge=0, le=1, title="Share of the fields in stain that have puddles and bright plateaus"
    )
    debris: float = Setting(
        0.35, ge=0, le=1, title="Share of fields with pieces of debris as large as particles"
    )
    cubic: float = Setting(
        0.06, ge=0, le=1, title="Share of fields with many ice crystals of equal size"
    )
    blank: float = Setting(
        0.08, ge=0, le=1, title="Share of views with a part that is no picture: an edge, a border"
    )


#: All that fields may show: the mixture that judges every network.
STANDARD = HardFields()
#: The usual mixture alone.
NONE_HARD = HardFields.model_validate(dict.fromkeys(HardFields.model_fields, 0.0))


#: That of a classifier. From many equal crystals its context would learn that a dense micrograph
#: has no particles, and leave crowded ones empty.
WITHOUT_CUBIC = STANDARD.model_copy(update={"cubic": 0.0})


class DetectorRecipe(Parameters):
    """How a detector is trained; stored in its card."""

    data: DataRecipe = DataRecipe()
    hard: HardFields = STANDARD
    architecture: Literal["fcrn", "multiscale"] = Setting(
        "multiscale", title="The paper's network, or one that sees four scales"
    )
    weights: str | None = Setting(
        None, title="Detector weights to start from: a name or a file; default: random ones"
    )
    particle_px: float = Setting(
        11.0, gt=4, le=100, title="Particle diameter that it sees, network pixels"
    )
    raw_spectrum: bool = Setting(
        False, title="Leave the spectrum of the background as it is, also when picking"
    )
    steps: int = Setting(4500, ge=1, title="Batches")
    batch: int = Setting(16, ge=2, le=10_000, title="Patches per batch")
    patch_diameters: float = Setting(6.4, gt=1, le=50, title="Side of a patch, particle diameters")
    learning_rate: float = Setting(
        8e-4, gt=0, le=1, title="First learning rate: AdamW, cosine schedule"
    )
    positive_weight: float = Setting(3.0, gt=0, le=1000, title="Weight of pixels on particles")
    validate_every: int = Setting(
        1500, ge=1, title="Batches between two looks at the fields that judge"
    )
    seed: int = Setting(1, ge=0, le=99, title="Of fields, patches and initial weights")


class ClassifierRecipe(Parameters):
    """How a classifier is trained; stored in its card."""

    data: ClassifierData = ClassifierData()
    hard: HardFields = WITHOUT_CUBIC
    detector: str = Setting(
        "default", title="Detector weights whose picks it learns to judge: a name or a file"
    )
    weights: str | None = Setting(
        None, title="Classifier weights to start from: a name or a file; default: random ones"
    )
    patch_px: int = Setting(40, ge=32, le=256, title="Side of a patch, network pixels")
    least_height: float = Setting(
        0.08, ge=0, title="Weaker candidates are not shown to it, map units"
    )
    epochs: int = Setting(2, ge=1, le=10_000, title="Times that each patch is seen")
    batch: int = Setting(128, ge=2, le=100_000, title="Patches per batch")
    learning_rate: float = Setting(
        1e-3, gt=0, le=1, title="First learning rate: AdamW, cosine schedule"
    )
    context_epochs: int = Setting(
        15, ge=0, le=10_000, title="Times that the context of each patch is seen; 0: never"
    )
    patch_weight: float = Setting(
        0.5,
        gt=0,
        le=1,
        title="By how much the log-odds of patches are multiplied when contexts are learned: real "
        "micrographs are less like simulated ones than these are like each other",
    )
    validate_every: int = Setting(
        1000, ge=1, title="Batches between two looks at the fields that judge"
    )
    seed: int = Setting(
        2,
        ge=0,
        le=99,
        title="Of fields, order of patches and initial weights; another than the detector's, whose "
        "own fields look easier to it than others do",
    )
