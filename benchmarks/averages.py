"""2D averages of simulated particles among planted junk, and of real ones; for docs/averages.md.

    python benchmarks/averages.py --write docs/averages.md --pictures FOLDER

The true centres are scattered by 5 % of the diameter, as picks are. The junk are places on the
edge of carbon, on drops of ice, and on empty ice. The correlation is that of the averages with
the most similar of many projections, with the contrast transfer of the micrograph. The data folder
`shared` must be beside the checkout, or be named by DRPNET_SHARED.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.io import imsave

from accuracy_sets import SHARED, table, write_section
from grid_sets import structure_named, with_noise
from napari_drpnet import read_coordinates, read_micrograph
from napari_drpnet.base.geometry import inside
from napari_drpnet.base.segmentation import BACKGROUND, CARBON, ICE
from napari_drpnet.evaluation.averages.classes import MOST_BOXES, average_classes
from napari_drpnet.evaluation.averages.polar import PolarBasis
from napari_drpnet.evaluation.averages.search import Level, power, turns
from napari_drpnet.images.boxes import BOX_DIAMETERS, BOX_SIDE, prepare_boxes
from napari_drpnet.simulation import simulate_micrograph
from napari_drpnet.simulation.noise import white
from napari_drpnet.simulation.optics import contrast_transfer
from napari_drpnet.simulation.parameters import SimulationParameters
from napari_drpnet.simulation.projection import spread_points
from napari_drpnet.simulation.scene import random_rotation
from napari_drpnet.simulation.structures import Structure

Floats = NDArray[np.float64]
Image = NDArray[np.float32]

DIAMETER_PX, SIDE_PX, FIELDS, PARTICLES = 64, 1536, 4, 130
SCATTER, DEFOCUS_UM, LOWPASS = 0.05, 1.5, 1 / 10
VIEWS = 400
#: Name of a case, structure, and d' of the particles.
CASES = (
    ("large, clear", "4v7r", 20.0),
    ("large, faint", "4v7r", 3.0),
    ("60 kDa, clear", "globule of 60 kDa", 20.0),
    ("60 kDa, faint", "globule of 60 kDa", 3.0),
    ("symmetric, clear", "4v94", 20.0),
    ("symmetric, faint", "4v94", 3.0),
    ("elongated, clear", "rod", 20.0),
    ("elongated, faint", "rod", 3.0),
)
#: Folder, pattern of files, diameter in pixels, and deviation of white noise that is added to the
#: boxes, as a share of their own.
REAL = {
    "ribosome 10028": ("ribosome_10028", "*.png", 56.0, 0.0),
    "apoferritin 10146": ("apoferritin_10146", "*.png", 85.0, 0.0),
    "TRPV1 10059": ("trpv1_10059", "*_000[45]_*.png", 33.5, 0.0),
    "β-galactosidase 10017": ("bgal_10017", "*.jpg", 101.7, 0.0),
    "β-galactosidase, noise added": ("bgal_10017", "*.jpg", 101.7, 1.0),
}


@dataclass(frozen=True)
class Sample:
    """Boxes ``(n, side, side)``, and whether each is junk."""

    boxes: Image
    junk: NDArray[np.bool_]


def cut(pixels: Image, centers_yx: Floats, diameter_px: float) -> Image:
    """Cut boxes as the window does."""
    source = prepare_boxes(pixels, diameter_px, "dark", lowpass_px=LOWPASS * diameter_px)
    return source.cut(centers_yx)


def simulated(structure: Structure, detectability: float) -> Sample:
    """Return boxes around scattered true centres and around junk, a quarter as many."""
    pixel = structure.diameter_angstrom / DIAMETER_PX
    parameters = SimulationParameters(
        height_px=SIDE_PX,
        width_px=SIDE_PX,
        pixel_size_angstrom=pixel,
        particles=PARTICLES,
        min_distance=1.1,
        carbon=True,
        carbon_shape="hole",
        ice_drops=6,
        dose=300.0,
        defocus_um=DEFOCUS_UM,
    )
    boxes, junk = [], []
    for seed in range(FIELDS):
        made = simulate_micrograph(parameters, [structure], seed)
        rng = np.random.default_rng((seed, 5))
        true = made.centers_yx[inside(made.centers_yx, made.classes.shape, DIAMETER_PX / 2)]
        dirt = np.concatenate(list(junk_places(made.classes, true, len(true) // 4, rng)))
        pixels = np.asarray(made.micrograph.pixels, float)
        pixels = with_noise(pixels, made.centers_yx, detectability, white, rng)
        places = np.concatenate([true + rng.normal(0, SCATTER * DIAMETER_PX, true.shape), dirt])
        boxes.append(cut(pixels.astype(np.float32), places, DIAMETER_PX))
        junk.append(np.arange(len(places)) >= len(true))
    return Sample(np.concatenate(boxes), np.concatenate(junk))


def junk_places(
    classes: NDArray[np.uint8], true_yx: Floats, count: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """Yield places on the edge of carbon, on ice and on nothing, a third of `count` each."""
    carbon = classes == CARBON
    edge = carbon & (distance_transform_edt(carbon) < DIAMETER_PX / 4)
    empty = classes == BACKGROUND
    empty[tuple(np.round(true_yx).astype(int).T)] = False
    empty = distance_transform_edt(empty) > 0.8 * DIAMETER_PX
    for mask in (edge, classes == ICE, empty):
        mask = mask.copy()
        mask[: DIAMETER_PX // 2] = mask[-DIAMETER_PX // 2 :] = False
        mask[:, : DIAMETER_PX // 2] = mask[:, -DIAMETER_PX // 2 :] = False
        places = np.argwhere(mask).astype(float)
        yield places[rng.permutation(len(places))[: count // 3]]


def projections(structure: Structure) -> Image:
    """Return projections with the contrast transfer of the micrographs, bright, (n, side, side)."""
    rng = np.random.default_rng(9)
    scale = BOX_SIDE / (BOX_DIAMETERS * structure.diameter_angstrom)
    frequency = np.hypot(np.fft.fftfreq(BOX_SIDE)[:, None], np.fft.rfftfreq(BOX_SIDE)) * scale
    transfer = -contrast_transfer(frequency**2, defocus_angstrom=1e4 * DEFOCUS_UM, b_factor=100.0)
    corner, end = np.array([0, 0]), np.array([BOX_SIDE, BOX_SIDE])
    views = []
    for _ in range(VIEWS):
        points = (structure.points @ random_rotation(rng).T)[:, 1:] * scale + (BOX_SIDE - 1) / 2
        image = gaussian_filter(spread_points(points, structure.weights, corner, end), 1.0)
        views.append(np.fft.irfft2(np.fft.rfft2(image) * transfer, s=image.shape))
    return np.array(views, np.float32)


def correlations(averages: Image, views: Image) -> Floats:
    """Return the greatest correlation ``(c,)`` of each average with any view, angle and shift."""
    diameter = BOX_SIDE / BOX_DIAMETERS
    basis = PolarBasis(BOX_SIDE, 0.6 * diameter, 0.15 * diameter, 12)
    centred = views - (views * basis.mask).sum((1, 2), keepdims=True) / basis.mask.sum()
    known = basis.harmonics(torch.from_numpy(centred))
    weight = torch.from_numpy(basis.rings.astype(np.float32))
    shifts = Level(12, 3.0, 1.0).shifts_yx
    count = turns(basis.orders, 2 * basis.orders)
    count[1 : basis.orders] *= 2
    count[basis.orders :] *= 2
    best = []
    for average in averages:
        harmonics = basis.harmonics(torch.from_numpy(average[None]))
        moved = basis.shifted(harmonics, shifts)[:, 0]
        cross = torch.bmm(known, (moved * weight).conj().transpose(1, 2))
        fit = count.T @ torch.cat([cross.real, -cross.imag]).reshape(len(count), -1)
        norms = [((power(h) * weight).sum(1)).sqrt() for h in (known, moved)]
        best.append(float((fit.reshape(-1, *cross.shape[1:]) / torch.outer(*norms)).max()))
    return np.array(best)


def montage(averages: Image, path: Path) -> None:
    """Write averages side by side, ten in a row, each with its own contrast."""
    low, high = averages.min((1, 2), keepdims=True), averages.max((1, 2), keepdims=True)
    rows = -(-len(averages) // 10)
    tiles = np.zeros((10 * rows, BOX_SIDE, BOX_SIDE), np.uint8)
    tiles[: len(averages)] = 255 * (averages - low) / np.maximum(high - low, 1e-9)
    picture = tiles.reshape(rows, 10, BOX_SIDE, BOX_SIDE).swapaxes(1, 2)
    imsave(path, picture.reshape(rows * BOX_SIDE, -1), check_contrast=False)


def simulated_row(
    name: str, structure_name: str, detectability: float, pictures: Path
) -> list[str]:
    structure = structure_named(structure_name)
    sample = simulated(structure, detectability)
    start = process_time()
    result = average_classes(sample.boxes)
    seconds = process_time() - start
    share = np.array([sample.junk[result.classes == k].mean() for k in range(len(result.averages))])
    suspect = result.suspects[result.classes]
    fits = correlations(result.averages, projections(structure))[result.classes]
    montage(result.averages, pictures / f"{name.replace(', ', '_').replace(' ', '_')}.png")
    junk, member = sample.junk, share[result.classes] > 0.5
    good = ~member & ~junk
    return [
        name,
        f"{detectability:g}",
        f"{len(junk)}",
        f"{fits[good].mean():.2f}",
        f"{(fits[good] > 0.9).mean():.0%}",
        f"{member[junk].mean():.0%}",
        f"{suspect[junk].mean():.0%}",
        f"{suspect[~junk].mean():.0%}",
        f"{seconds:.0f}",
    ]


def real_row(name: str, pictures: Path) -> list[str]:
    folder, pattern, diameter, added = REAL[name]
    boxes = []
    start = process_time()
    for path in sorted((SHARED / "data/micrographs" / folder).glob(pattern)):
        centers = read_coordinates(path.with_suffix(".csv")).centers_yx
        boxes.append(cut(read_micrograph(path).pixels, centers, diameter))
    stack = np.concatenate(boxes)[:MOST_BOXES]
    noise = np.random.default_rng(0).normal(0, added * stack.std(), stack.shape)
    stack = (stack + noise).astype(np.float32)
    result = average_classes(stack)
    seconds = process_time() - start
    montage(result.averages, pictures / f"{folder}_{added:g}.png")
    suspect = result.suspects[result.classes].mean()
    return [name, f"{len(stack)}", f"{len(result.averages)}", f"{suspect:.0%}", f"{seconds:.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="replace the tables of this page")
    parser.add_argument("--pictures", type=Path, required=True, help="folder for the averages")
    options = parser.parse_args()
    options.pictures.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # so that processor time is that of one core
    planted = []
    for case in CASES:
        planted.append(simulated_row(*case, options.pictures))
        print(planted[-1], flush=True)
    heading = ["case", "d'", "boxes", "correlation", "above 0.9", "junk in junk classes"]
    heading += ["junk marked", "particles marked", "s"]
    real = []
    for name in REAL:
        real.append(real_row(name, options.pictures))
        print(real[-1], flush=True)
    tables = {
        "simulated averages": table(heading, planted),
        "real averages": table(["data", "boxes", "classes", "marked", "s"], real),
    }
    for name, body in tables.items():
        print(body)
        if options.write:
            write_section(options.write, name, body)


if __name__ == "__main__":
    main()
