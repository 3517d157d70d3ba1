"""Micrographs whose pixels have known classes, for segmentation.py and segmentation_training.py.

None of the structures was used in training, and no setting was chosen on any of these sets. Seeds
and numbers of pieces were chosen before there was a segmenter, so that about half of each frame or
more is good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from accuracy_sets import SHARED, Example, real_examples
from grid_sets import (
    DIAMETER_PX,
    MICROGRAPHS,
    STAIN,
    USUAL,
    Case,
    Settings,
    ignored_around,
    structure_named,
)
from napari_drpnet import read_micrograph
from napari_drpnet.base.segmentation import BACKGROUND, ICE, UNKNOWN
from napari_drpnet.formats.masks.class_maps import read_class_map
from napari_drpnet.formats.masks.masks import read_mask
from napari_drpnet.images.preprocess import Polarity
from napari_drpnet.simulation import (
    SimulatedMicrograph,
    Structure,
    make_shape,
    simulate_micrograph,
)
from napari_drpnet.simulation.parameters import SimulationParameters

ClassMap = NDArray[np.uint8]

#: Structures of `accuracy_sets.HELD_OUT` by their names in `grid_sets.FILES`.
STRUCTURES = ("1qvr", "1igy", "3cf3", "4v4r", "4v7r", "2uv8", "4v94")
SIDE_DIAMETERS, PARTICLES = 20, 90

HOLE = {"carbon": True, "carbon_shape": "hole"}
BAR = {"carbon": True, "carbon_shape": "holes"}
#: Kinds of dirt of each micrograph of the dirty set. Films that fill the frame are not among them.
MIXES: dict[str, Settings] = {
    "hole edge, drops, debris, particles on dirt": USUAL
    | HOLE
    | {"ice_drops": 3, "debris": 6, "on_dirt": 0.3},
    "bar between holes, hexagonal crystals": USUAL | BAR | {"hexagonal_ice": 15},
    "gold": USUAL | HOLE | {"gold": True, "ice_crystals": 2},
    "drops, rods, junk": USUAL | {"ice_drops": 4, "rods": 2, "junk": 4},
    "cubic ice": USUAL | {"cubic_ice": 0.15},
    "cracks, thickness gradient, crystals": USUAL
    | {"cracks": 2, "thickness_gradient": 3.0, "ice_crystals": 6},
    "stain, plateaus, debris, crystals": STAIN
    | {"stain_plateaus": 3, "debris": 8, "ice_crystals": 4},
    "film edge, crystals, junk, hot pixels": USUAL
    | {"carbon": True, "ice_crystals": 6, "junk": 4, "hot_pixels": 40},
    "gold bar, drops, particles on dirt": USUAL
    | BAR
    | {"gold": True, "ice_drops": 2, "on_dirt": 0.4},
    "beam edge, hexagonal crystals, drops": USUAL
    | {"beam_edge": 0.15, "hexagonal_ice": 25, "ice_drops": 2},
    "border of zeros, crystals, debris": USUAL
    | {"zero_border_px": 30, "ice_crystals": 8, "debris": 12},
    "rods, junk, debris": USUAL | {"rods": 4, "junk": 5, "debris": 10},
    "stain, puddles, hole edge, drops": STAIN | HOLE | {"stain_puddles": 4, "ice_drops": 2},
    "drops, cracks, particles on dirt, low defocus": USUAL
    | {"ice_drops": 5, "cracks": 1, "on_dirt": 0.3, "defocus_um": 0.8},
}
FIRST_SEED = 30_000

#: What a user would type for particles of 350 to 400 Å.
KLH_DIAMETER_ANGSTROM, KLH_PIXEL_ANGSTROM = 375.0, 2.2
KLH_TRAINING, KLH_TEST = 17, 15
KLH_DEFOCUS_UM = (2.5, 0.8)
#: Nearly as wide as long, with a hole of a third of the width.
_KLH_SHAPE_SEED = 4
_KLH_SEED = 40_000

#: Width in pixels of the strip at the right edge where MicrographCleaner's mask is wrong.
STRIP_PX = 20


@dataclass(frozen=True, eq=False)
class ClassCase:
    """Micrograph with its truth and the class of each pixel.

    Parameters
    ----------
    case : Case
        Micrograph, particles, and rules of their evaluation.
    classes : (h, w) uint8 array
        True class of each pixel, edge to edge with the micrograph; 0 where it is unknown.
    """

    case: Case
    classes: ClassMap

    @property
    def example(self) -> Example:
        """Micrograph and particles."""
        return self.case.example


def dirty_cases() -> Iterator[ClassCase]:
    """Yield the dirty set: a micrograph for each mix, each structure twice."""
    for number, (mix, settings) in enumerate(MIXES.items()):
        name = STRUCTURES[number % len(STRUCTURES)]
        structure, side = structure_named(name), SIDE_DIAMETERS * DIAMETER_PX
        parameters = SimulationParameters(
            **{"particles": PARTICLES} | dict(settings),
            pixel_size_angstrom=structure.diameter_angstrom / DIAMETER_PX,
            height_px=side,
            width_px=side,
        )
        simulated = simulate_micrograph(parameters, [structure], FIRST_SEED + number)
        polarity: Polarity = "bright" if parameters.negative_stain else "dark"
        yield class_case(f"{mix}, {name}", simulated, DIAMETER_PX, polarity)


def class_case(
    name: str, simulated: SimulatedMicrograph, diameter_px: float, polarity: Polarity
) -> ClassCase:
    """Return a simulated micrograph in which particles on dirt count neither way."""
    example = Example(name, simulated.micrograph, simulated.centers_yx, diameter_px, polarity)
    on_dirt = simulated.on_dirt_yx
    ignored = ignored_around(on_dirt, diameter_px / 2, example) if len(on_dirt) else None
    return ClassCase(Case("simulated", name, example, ignored=ignored), simulated.classes)


@cache
def klh_structure() -> Structure:
    """Return a barrel that resembles keyhole limpet hemocyanin."""
    rng = np.random.default_rng(_KLH_SHAPE_SEED)
    return make_shape("barrel", KLH_DIAMETER_ANGSTROM, rng)


def simulate_klh(number: int, defocus_um: float) -> SimulatedMicrograph:
    """Simulate a micrograph of the KLH-like set: barrels, rods as of TMV, and drops.

    Parameters
    ----------
    number : int
        Number of the micrograph, which is its seed.
    defocus_um : float
        Underfocus, µm.
    """
    rng = np.random.default_rng((_KLH_SEED, number))
    parameters = SimulationParameters(
        height_px=2048,
        width_px=2048,
        pixel_size_angstrom=KLH_PIXEL_ANGSTROM,
        diameter_angstrom=float(rng.uniform(350, 400)),
        particles=30,
        voltage_kv=120.0,
        defocus_um=defocus_um,
        dose=20.0,
        b_factor=300.0,
        rods=int(rng.integers(1, 4)),
        ice_drops=int(rng.integers(1, 4)),
    )
    return simulate_micrograph(parameters, [klh_structure()], _KLH_SEED + number)


def klh_cases(defocus_um: float) -> Iterator[ClassCase]:
    """Yield the micrographs of the KLH-like set that are for the test."""
    for number in range(KLH_TRAINING, KLH_TRAINING + KLH_TEST):
        simulated = simulate_klh(number, defocus_um)
        diameter_px = KLH_DIAMETER_ANGSTROM / KLH_PIXEL_ANGSTROM
        yield class_case(f"{number}", simulated, diameter_px, "dark")


def labelled_cases() -> Iterator[ClassCase]:
    """Yield the micrographs of EMPIAR-10017 that CASSPER's authors labelled.

    The rows of their pictures are those of the MRC files, and the JPEG files are upside down.
    """
    for example in real_examples("EMPIAR-10017 (denoised)"):
        labels = SHARED / "data/cassper_labels" / f"{example.name.rpartition('.')[0]}.png"
        if labels.exists():
            classes = read_class_map(labels, flip_rows=True)
            yield ClassCase(Case("real", "EMPIAR-10017", example), classes)


def ice_blob() -> ClassCase:
    """Return the micrograph with MicrographCleaner's mask, as ice, without the strip."""
    name = "Ucsf_stack_1142_DW.mrc"
    micrograph = read_micrograph(MICROGRAPHS / "unlabelled" / name)
    mask = read_mask(SHARED / "data/masks" / name, micrograph.shape)
    classes = np.where(mask > 0.5, ICE, BACKGROUND).astype(np.uint8)
    classes[:, -STRIP_PX:] = UNKNOWN
    diameter_px = min(micrograph.shape) / 20
    example = Example(name, micrograph, np.empty((0, 2)), diameter_px, "dark")
    return ClassCase(Case("real", "ice blob", example), classes)
